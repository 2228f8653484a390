/** To compile what csreq reads on its standard input, or to print what was compiled. */
export function csreqArguments(task: { readonly compileTo: string } | { readonly print: string }): string[] {
  return 'print' in task ? ['-r', task.print, '-t'] : ['-r-', '-b', task.compileTo];
}
