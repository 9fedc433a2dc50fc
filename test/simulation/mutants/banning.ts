import type { Mutant } from './mutant.ts';

const queries = 'sql/postgresql/queries';
const send = 'functions/pipeline/send';
const store = 'functions/database/ban-list-store.ts';
const banOf = `${queries}/fragments/ban_of.sql`;
const codeOf = `${queries}/fragments/code_of.sql`;
const lease = `${queries}/lease_batch.sql`;

const anyBan = "upper(btrim(b.ban_type)) = 'R' and upper(btrim(b.use_yn)) = 'Y'";
const expires =
  "when has_expired($1.request_date, $1.ttl, :defaultValiditySeconds::int, (select local from moment)) then 'E930'";
const isHeavy = "case when $1.bytes > :rowBytes::int then 'E999'";

/** Guards of what may be sent at all, judged by the database or by the sender. The claim's own only save a slot. */
export const banningMutants: readonly Mutant[] = [
  { name: 'a banned number is sent nothing', breaks: ['I7'], file: banOf, find: anyBan, replace: 'false' },
  {
    name: 'a banned number is looked for again at the lease',
    breaks: ['I7'],
    file: lease,
    find: 'from (select with_file.*, ban.ban_seq from with_file {{ban_of with_file}}) r',
    replace: 'from (select with_file.*, null::bigint as ban_seq from with_file) r',
  },
  {
    name: 'a banned number is looked for again in the seal',
    breaks: ['I7'],
    file: `${queries}/seal_batch.sql`,
    find: '  {{ban_of locked}}\n',
    replace: '  cross join (select null::bigint as ban_seq) ban\n',
  },
  {
    name: 'numbers are compared in one form',
    breaks: ['I7'],
    file: banOf,
    find: 'number_of(b.ban_text) = number_of($1.recipient)',
    replace: 'b.ban_text = $1.recipient',
  },
  {
    name: 'ban_type and use_yn count in either case',
    breaks: ['I7'],
    file: banOf,
    find: anyBan,
    replace: "btrim(b.ban_type) = 'R' and btrim(b.use_yn) = 'Y'",
  },
  {
    name: 'an entry that is not in use bans no number',
    breaks: ['I3'],
    file: banOf,
    find: anyBan,
    replace: "upper(btrim(b.ban_type)) = 'R'",
  },
  {
    name: 'a row is sent to its number in one form',
    breaks: ['I7'],
    file: 'functions/message/message-row.ts',
    find: "const recipient = normalNumber(row.recipient) ?? '';",
    replace: 'const recipient = row.recipient;',
  },
  { name: 'a row is not sent after its validity', breaks: ['I7'], file: codeOf, find: expires, replace: '' },
  {
    name: 'the validity is looked at again at the lease',
    breaks: ['I7'],
    file: lease,
    find: '{{code_of r}} as code',
    replace: "case when r.bytes > :rowBytes::int then 'E999' when r.ban_seq is not null then 'E917' end as code",
  },
  {
    name: 'a row of more than 60,000 bytes is not sent',
    breaks: ['I7', 'SQL'],
    file: codeOf,
    find: isHeavy,
    replace: 'case',
  },
  {
    name: 'contents of channels that are not used weigh nothing',
    breaks: ['I3'],
    file: `${queries}/fragments/bytes_of.sql`,
    find: 'case when {{uses_kko $1}} then',
    replace: 'case when true then',
  },
  {
    name: 'a sender judges what it has leased',
    breaks: ['I7'],
    file: `${send}/members.ts`,
    find: ': judge(row, bans);',
    replace: ': undefined;',
  },
  {
    name: 'a sender judges again what it repeats',
    breaks: ['I7'],
    file: `${send}/send.ts`,
    find: '  const { messages } = judgeMembers(attempt);\n  const repeatable',
    replace:
      '  const { messages } = judgeMembers({ ...attempt, bans: { find: () => undefined } });\n  const repeatable',
  },
  {
    name: 'a sender loads the texts',
    breaks: ['I7'],
    file: store,
    find: 'compileBanList(entries).matcher',
    replace: 'compileBanList(entries.slice(0, 0)).matcher',
  },
  {
    name: 'a sender loads the texts anew when there is another version',
    breaks: ['I3', 'I7'],
    file: store,
    find: 'return known.version < published.version;',
    replace: 'return false;',
  },
  {
    name: 'what has changed in the list is published',
    breaks: ['I3', 'I7'],
    file: `${queries}/publish_ban_list.sql`,
    find: '  where {{is_newest l}}\n)',
    replace: '  where false\n)',
  },
  {
    name: 'what was read of the list earlier is not published over what was read later',
    breaks: ['I3', 'I7'],
    file: `${queries}/fragments/is_newest.sql`,
    find: ':readAt::timestamptz >= coalesce(',
    replace: 'true or :readAt::timestamptz >= coalesce(',
  },
  {
    name: 'an entry that is not in use bans no text',
    breaks: ['I3'],
    file: `${queries}/fragments/is_no_number.sql`,
    find: " and upper(btrim($1.use_yn)) = 'Y'",
    replace: '',
  },
  {
    name: 'an expression that matches everything bans nothing',
    breaks: ['I3'],
    file: 'functions/message/ban-expressions.ts',
    find: 'if (mayBeEmpty) return',
    replace: "if (source === '') return",
  },
  {
    name: 'texts of an option are read with their escapes undone',
    breaks: ['I7'],
    file: 'functions/message/ban-list.ts',
    find: 'const parts = [parsed(value)];',
    replace: 'const parts: unknown[] = [];',
    and: { find: "  if (value.includes('\\\\u')) texts.push(withoutEscapes(value));\n", replace: '' },
  },
];
