import { isBlank } from './blank.ts';

/** Whether an option has no content: blank, null, or an empty JSON array or object. */
export function isNoOption(option: string): boolean {
  // Trimmed first: on long white space the expression would take quadratic time.
  const trimmed = option.trim();
  return isBlank(trimmed) || /^(null|\[\s*\]|\{\s*\})$/.test(trimmed);
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
