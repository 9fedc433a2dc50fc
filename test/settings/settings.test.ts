import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  banlistSchedulerEnvironment,
  collectorEnvironment,
  fileUploadSchedulerEnvironment,
  gatewayProbeEnvironment,
  logMigratorEnvironment,
  monitorEnvironment,
  receiverEnvironment,
  reportMigratorEnvironment,
  schemaMigratorEnvironment,
  senderEnvironment,
  tableCreateSchedulerEnvironment,
  tokenSchedulerEnvironment,
  tranCleanerSchedulerEnvironment,
} from '../../functions/aws/env.ts';
import { aboutSettings } from '../../functions/settings/about-settings.ts';
import { type Part, parts } from '../../functions/settings/part.ts';
import { capacity, expectations, trueOrFalse, wholeNumber } from '../../functions/settings/schemas.ts';
import { agentSettings, schemaOf } from '../../functions/settings/settings.ts';

const settings = Object.entries(agentSettings.shape);

describe('every setting', () => {
  it.each(settings)('%s has a default in its own range, as a value and as text', (_name, setting) => {
    const { data: fallback } = setting.safeParse(undefined);
    if (fallback === undefined) return;
    expect(schemaOf(setting).parse(fallback)).toEqual(fallback);
    // A list has no text of its own: the settings are JSON.
    if (!Array.isArray(fallback)) expect(schemaOf(setting).parse(String(fallback))).toBe(fallback);
  });

  it.each(settings)('%s says in one sentence what it is for, and what it takes', (_name, setting) => {
    expect(aboutSettings.get(setting)?.meaning).toMatch(/^[A-Z][^.]*(\.\S[^.]*)*\.$/);
    expect(expectations.get(schemaOf(setting))?.expected).toBeTruthy();
  });

  it.each(settings)('%s says both in Korean too', (_name, setting) => {
    expect(aboutSettings.get(setting)?.korean).toMatch(/[가-힣].*다\.$/);
    expect(expectations.get(schemaOf(setting))?.korean).toBeTruthy();
  });

  it.each(settings)('%s is a property of the construct, which says what its default is', (name, setting) => {
    const properties = readFileSync(new URL('../../lib/omni-agent-props.ts', import.meta.url), 'utf8');
    const [, comment = ''] =
      new RegExp(`/\\*\\*((?:(?!/\\*\\*)[^])*?)\\*/\\s+readonly ${name}\\??:`).exec(properties) ?? [];
    expect(comment).toMatch(/[A-Za-z]/);
    const { data: fallback } = setting.safeParse(undefined);
    const [, said] = /@default (.*)/.exec(comment) ?? [];
    expect(said?.replaceAll("'", '"')).toBe(fallback === undefined ? undefined : JSON.stringify(fallback));
  });

  it.each(settings)('%s is on its page, in both languages', (name) => {
    for (const file of ['docs/settings.md', 'docs/ko/settings.md']) {
      const page = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
      expect(page).toContain(`\n| \`${name}\` `);
      expect(page).toContain(`\n- \`${name}\`: `);
    }
  });
});

const environments: Readonly<Record<Part, { readonly shape: Readonly<Record<string, unknown>> }>> = {
  collector: collectorEnvironment,
  sender: senderEnvironment,
  'report-receiver': receiverEnvironment,
  'report-migrator': reportMigratorEnvironment,
  'log-migrator': logMigratorEnvironment,
  'banlist-scheduler': banlistSchedulerEnvironment,
  'schema-migrator': schemaMigratorEnvironment,
  'table-create-scheduler': tableCreateSchedulerEnvironment,
  'gateway-probe': gatewayProbeEnvironment,
  'token-scheduler': tokenSchedulerEnvironment,
  'tran-cleaner-scheduler': tranCleanerSchedulerEnvironment,
  'file-upload-scheduler': fileUploadSchedulerEnvironment,
  monitor: monitorEnvironment,
};

describe('the settings that are said to be read by a part', () => {
  it.each(parts)('%s are those in its environment, each under its own name', (part) => {
    const variables = Object.entries(environments[part].shape).flatMap(([variable, schema]) => {
      const found = settings.find(([, setting]) => setting === schema || schemaOf(setting) === schema);
      return found === undefined ? [] : [[variable, found[0]]];
    });
    const said = settings.filter(([, setting]) => aboutSettings.get(setting)?.readBy?.includes(part));
    expect(variables.map(([, name]) => name).toSorted()).toEqual(said.map(([name]) => name).toSorted());
    for (const [variable, name = ''] of variables) expect(variable).toBe(name.replace(/[A-Z]/g, '_$&').toUpperCase());
  });
});

describe('a schema takes a value and its text', () => {
  it.each([0, 9, '0', '9', '7'])('a whole number from 0 to 9: %j', (value) => {
    expect(wholeNumber(0, 9).parse(value)).toBe(Number(value));
  });

  it.each([
    10,
    -1,
    0.5,
    '10',
    '-1',
    '0.5',
    '',
    ' ',
    ' 5',
    '1e0',
    '0x1',
    '99999999999999999999',
    true,
    null,
    undefined,
    [],
  ])('no whole number from 0 to 9, in one issue: %j', (value) => {
    const { error } = wholeNumber(0, 9).safeParse(value);
    expect(error?.issues.map(({ message }) => message)).toEqual(['expected a whole number from 0 to 9']);
  });

  it.each([0.5, '0.5', 2, '2', '1.0'])('a capacity from 0.5 to 2: %j', (value) => {
    expect(capacity(0.5, 2).parse(value)).toBe(Number(value));
  });

  it.each([0, 2.5, '2.5', 0.7, '.5', '', null])('no capacity from 0.5 to 2, in one issue: %j', (value) => {
    const { error } = capacity(0.5, 2).safeParse(value);
    expect(error?.issues.map(({ message }) => message)).toEqual(['expected a multiple of 0.5 from 0.5 to 2']);
  });

  it('true or false', () => {
    expect([true, 'true', false, 'false'].map((value) => trueOrFalse().parse(value))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(trueOrFalse().safeParse('yes').error?.issues[0]?.message).toBe('expected true or false');
  });
});
