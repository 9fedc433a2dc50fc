import { isBlank } from './blank.ts';

/** Whether an option says nothing: blank, or JSON that is empty in meaning. */
export function isNoOption(option: string): boolean {
  // Trimmed first: around long white space the expression would take the square of its length.
  const said = option.trim();
  return isBlank(said) || /^(null|\[\s*\]|\{\s*\})$/.test(said);
}

/** Whether an option is a JSON object. */
export function isObject(option: string): boolean {
  if (!option.trimStart().startsWith('{')) return false;
  try {
    JSON.parse(option.trim());
    return true;
  } catch {
    return false;
  }
}
