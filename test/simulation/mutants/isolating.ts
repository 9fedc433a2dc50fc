import type { Mutant } from './mutant.ts';

const queries = 'sql/postgresql/queries';
const forget = 'sql/postgresql/migrations/0004_set_aside_by_row/010_forget.sql';
const archive = 'sql/postgresql/migrations/0005_expire/030_archive.sql';

/** A statement that does not identify itself as the agent's: the guard undoes what it writes. */
function unmarked(step: string, file: string, breaks: Mutant['breaks']): Mutant {
  return {
    name: `the ${step} says that it is the agent that writes`,
    breaks,
    file: `${queries}/${file}.sql`,
    find: 'set {{by_the_agent}}',
    replace: 'set agent_writes = t.agent_writes',
  };
}

/** A statement that takes rows even if they are put aside. */
function passesOver(step: string, file: string, [find, and]: readonly [find: string, and?: Mutant['and']]): Mutant {
  const name = `the ${step} passes over rows that are put aside`;
  return {
    name,
    breaks: ['I9', 'I10'],
    file: file.startsWith('sql/') ? file : `${queries}/${file}.sql`,
    find,
    replace: '',
    ...(and && { and }),
  };
}

/** A statement that does not notice that a trigger has skipped a row. */
function notices(step: string, file: string, [from, written]: readonly [from: string, written: string]): Mutant {
  return {
    name: `the ${step} puts rows aside that a trigger passes over`,
    breaks: ['I3', 'I9', 'I10'],
    file: file.startsWith('sql/') ? file : `${queries}/${file}.sql`,
    find: `from ${from} f where f.client_key not in (select client_key from ${written})`,
    replace: `from ${from} f where false`,
  };
}

const aside = (table: string, step: string) => ` and ${table}.client_key not in ({{set_aside_now ${step}}})`;

/** Guards that confine trouble to the row that has it. */
export const isolatingMutants: readonly Mutant[] = [
  {
    name: 'rows for which a statement fails are looked for, and put aside',
    breaks: ['I9', 'I10'],
    file: 'functions/database/isolate.ts',
    find: 'if (round > rounds ||',
    replace: 'if (round > 0 ||',
  },
  passesOver('claim', 'fragments/is_due', [' and $1.client_key not in (select client_key from set_aside_now)']),
  {
    name: 'the seal passes over rows that are put aside',
    breaks: ['I9', 'I10'],
    file: `${queries}/fragments/may_leave.sql`,
    find: '$1.client_key not in ({{set_aside_now seal}})',
    replace: 'true',
  },
  passesOver('settlement', 'settle_batch', [aside('t', 'settle')]),
  passesOver('halving', 'split_batch', [
    ' and not o.is_set_aside',
    { find: 'order by s.client_key is null, member.client_key', replace: 'order by member.client_key' },
  ]),
  passesOver('merge', 'merge_reports', [
    '\n      and (t.client_key, t.batch_id) not in (select client_key, batch_id from set_aside_now)',
    {
      find: '\n    and (r.client_key is null or (r.client_key, r.batch_id) not in (select client_key, batch_id from set_aside_now))',
      replace: '',
    },
  ]),
  passesOver('late merge', 'merge_late_reports', [
    ' and (l.client_key, l.batch_id) not in (select client_key, batch_id from set_aside_now)',
  ]),
  passesOver('archive', archive, [
    " and t.client_key not in (select client_key from set_aside where step = 'archive' and until > (select at from moment))",
  ]),
  {
    name: 'what was put aside goes with its row',
    breaks: ['I10'],
    file: forget,
    find: 'perform forget_set_aside(array(select client_key from deleted));',
    replace: 'null;',
  },
  {
    name: 'what was put aside goes with its row’s client_key',
    breaks: ['I10'],
    file: forget,
    find: 'perform forget_set_aside(array[old.client_key]);',
    replace: 'null;',
  },
  notices('claim', 'claim_batches', ['decision', 'claimed']),
  notices('settlement', 'settle_batch', ['locked', 'written']),
  notices('merge', 'merge_reports', ['wide', 'applied']),
  notices('archive', archive, ['finished', 'moved']),
  {
    name: 'rows that a seal had to leave behind are freed later',
    breaks: ['I3', 'I9'],
    file: 'functions/pipeline/collect.ts',
    find: '  if (claim.asideDue) await ports.store.lookAgain(settings.sizes.claim);\n',
    replace: '',
    and: { find: '    await store.lookAgain(settings.sizes.claim);\n', replace: '' },
  },
  {
    name: 'the archive waits for a row’s own answer, not for its batch',
    breaks: ['I9', 'I10'],
    file: archive,
    find: '(t.msg_sent_date is not null or coalesce(',
    replace: '(coalesce(',
  },
  {
    name: 'a request that is refused as a whole is halved under new keys',
    breaks: ['I3', 'I9'],
    file: `${queries}/split_batch.sql`,
    find: 'idempotency_key = gen_random_uuid()',
    replace: 'idempotency_key = b.idempotency_key',
  },
  {
    name: 'a row that is refused alone ends only if others were accepted since',
    breaks: ['I3'],
    file: 'functions/pipeline/send/settle.ts',
    find: ' && lease.othersAnswered',
    replace: '',
  },
  {
    name: 'a batch that was refused learns only of acceptances that were sealed since',
    breaks: ['I3'],
    file: `${queries}/settle_batch.sql`,
    find: 'where x.refused_at <= (select own.sealed_at',
    replace: 'where exists (select own.sealed_at',
  },
  {
    name: 'a row that was refused beside others ends only if others were accepted just now',
    breaks: ['I3'],
    file: `${queries}/lease_batch.sql`,
    find: 'b.others_answered and (b.refused_alone or b.refused_at > {{now}} - make_interval(secs => :recentSeconds::float8))',
    replace: 'b.others_answered',
  },
  {
    name: 'a row that was refused alone ends however long ago others were accepted since',
    breaks: ['I9'],
    file: `${queries}/lease_batch.sql`,
    find: 'b.others_answered and (b.refused_alone or b.refused_at >',
    replace: 'b.others_answered and (b.refused_at >',
  },
  unmarked('claim', 'claim_batches', ['I9', 'I10']),
  unmarked('seal', 'seal_batch', ['I3', 'I4', 'I9', 'I10']),
  unmarked('settlement', 'settle_batch', ['I3', 'I4', 'I5', 'I9', 'I10']),
  unmarked('halving', 'split_batch', ['I3', 'I9', 'I10']),
  unmarked('merge', 'merge_reports', ['I3', 'I4', 'I9', 'I10']),
  unmarked('look at rows left behind', 'free_strays', ['I3', 'I9', 'I10']),
];
