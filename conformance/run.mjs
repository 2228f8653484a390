// `npm run conformance [-- --all] [--only name] [--flips n] [--seed n]`: holds the engine against software that others
// signed. See docs/conformance.md. The sources are run as they are, so there is nothing to build first.
import { register } from 'node:module';

register('./typescript-loader.mjs', import.meta.url);
const { main } = await import('./main.js');
process.exitCode = await main(process.argv.slice(2));
