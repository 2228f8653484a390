import { describeOnWindows } from './describe-on.js';

// The Authenticode engine does not exist yet; this keeps its place among what nobody has confirmed.
describeOnWindows('beside signtool', () => {
  it.todo('signs the same digest of a program');
  it.todo('accepts what we signed, and we what it signed');
});
