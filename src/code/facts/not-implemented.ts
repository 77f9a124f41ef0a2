/** Whether a `throw` or `raise` says that what it stands for is still to be written. */
export function saysNotImplemented(statement: string): boolean {
  return /not[\s_-]?(?:yet[\s_-]?)?(?:been[\s_-]?)?(?:implemented|supported[\s_-]?yet|written)|notimplemented|unimplemented|implement me|\btodo\b/i.test(statement);
}
