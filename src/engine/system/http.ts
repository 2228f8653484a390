/** What the engine asks of the network. Handed in, so that tests and proxies can stand in its place. */
export interface Http {
  /**
   * Sends one request and reads the whole answer; an answer with an error status is an answer.
   * @throws SigningError `NETWORK` when there is no complete answer within `timeout` ms, or it exceeds `maxBytes`.
   */
  request(request: HttpRequest): Promise<HttpResponse>;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Milliseconds for the whole exchange, a slowly dripping body included. */
  readonly timeout: number;
  /** A larger answer is an error: a hostile server cannot fill our memory. */
  readonly maxBytes: number;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}
