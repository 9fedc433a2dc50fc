import * as z from 'zod';
import { expectedGatewayUrl, readGatewayUrl } from './gateway-url.ts';

/**
 * Schemas of settings. Each takes a value (cdk.json) as well as its text (the environment, a command line), and says what
 * it expects in words that errors and docs/settings.md share.
 */

/** What a schema expects: `a whole number from 0 to 9`. Errors have it in English, docs/ko/settings.md in Korean. */
export interface Expectation {
  readonly expected: string;
  readonly korean: string;
}

/** What each schema of this file expects. */
export const expectations = z.registry<Expectation>();

export function wholeNumber(min: number, max: number) {
  const expected = `a whole number from ${min} to ${max}`;
  const error = `expected ${expected}`;
  // One check, so that one error comes of it.
  const isExpected = (value: number) => Number.isSafeInteger(value) && value >= min && value <= max;
  const schema = z.number({ error }).refine(isExpected, { error });
  return z.preprocess(numberOfText, schema).register(expectations, { expected, korean: `${min}~${max} 사이의 정수` });
}

/** Aurora's units: half of one is the least step. `because` says why the range begins where it does. */
export function capacity(min: number, max: number, because?: string) {
  const expected = `a multiple of 0.5 from ${min} to ${max}`;
  const error = `expected ${expected}${because === undefined ? '' : ` (${because})`}`;
  const isExpected = (value: number) => Number.isInteger(2 * value) && value >= min && value <= max;
  const schema = z.number({ error }).refine(isExpected, { error });
  return z
    .preprocess(numberOfText, schema)
    .register(expectations, { expected, korean: `${min}~${max} 사이 0.5의 배수` });
}

/** Only what is written as a number: no text for `Number` to read as 0, no `1e3`. */
function numberOfText(value: unknown): unknown {
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
}

export function trueOrFalse() {
  const expected = 'true or false';
  const text = z.enum(['true', 'false']).transform((word) => word === 'true');
  return z
    .union([z.boolean(), text], { error: `expected ${expected}` })
    .register(expectations, { expected, korean: 'true 또는 false' });
}

export function oneOf<const Word extends string>(words: readonly Word[]) {
  const expected = words.join(' or ');
  return z
    .enum(words, { error: `expected ${expected}` })
    .register(expectations, { expected, korean: words.join(' 또는 ') });
}

export function matching(form: RegExp, expected: string, korean: string) {
  const error = `expected ${expected}`;
  return z.string({ error }).regex(form, { error }).register(expectations, { expected, korean });
}

/** Each of them once. */
export function listOf(form: RegExp, expectedOne: string, koreanOne: string) {
  const expected = `a list of ${expectedOne}`;
  const error = `expected ${expected}, each once`;
  const schema = z
    .array(z.string({ error }).regex(form, { error }), { error })
    .refine((items) => new Set(items).size === items.length, { error });
  return schema.register(expectations, { expected, korean: `${koreanOne} 목록` });
}

export function url() {
  const expected = 'a URL';
  return z.url({ error: `expected ${expected}` }).register(expectations, { expected, korean: 'URL' });
}

export function timeZone() {
  const expected = 'an IANA time zone such as Asia/Seoul';
  const error = `expected ${expected}`;
  return z
    .string({ error })
    .refine(isTimeZone, { error })
    .register(expectations, { expected, korean: 'Asia/Seoul과 같은 IANA 시간대' });
}

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** Whether it may be opened depends on another setting too: see gateway-url.ts. */
export function gatewayUrl() {
  const error = `expected ${expectedGatewayUrl}`;
  const schema = z.string({ error }).refine((text) => readGatewayUrl(text) !== undefined, { error });
  return schema.register(expectations, {
    expected: expectedGatewayUrl,
    korean: 'grpcs://host:port, 이 장비의 게이트웨이라면 grpc://127.0.0.1:port',
  });
}
