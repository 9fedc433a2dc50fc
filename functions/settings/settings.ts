import * as z from 'zod';
import { aboutSettings } from './about-settings.ts';
import { type Part, parts, partsOnDatabase } from './part.ts';
import { placeSettings } from './place-settings.ts';
import { gatewayUrl, matching, oneOf, timeZone, url, wholeNumber } from './schemas.ts';
import { sizes } from './sizes.ts';

/** Who calls the gateway. */
const callers: readonly Part[] = [
  'sender',
  'report-receiver',
  'gateway-probe',
  'token-scheduler',
  'tran-cleaner-scheduler',
  'file-upload-scheduler',
];

/**
 * The settings of an agent, each once: properties of the construct, values under `omniAgent` in the context of the CDK app,
 * and, without their defaults, variables of the parts' environments. Names are ours, defaults those of the original agent.
 */
export const agentSettings = z.strictObject({
  profile: oneOf(['aws', 'local']).default('aws').register(aboutSettings, {
    meaning: 'Where the agent is deployed: local is an emulator of AWS, with a PostgreSQL in place of Aurora.',
    korean: '배포 환경입니다. local은 AWS 에뮬레이터이며, Aurora 대신 PostgreSQL을 씁니다.',
  }),
  installation: matching(
    /^(?!.*-(data|schema|receiver)$)[a-z][a-z0-9-]{0,31}$/,
    '1 to 32 lower-case letters, digits or hyphens, a letter first, and no -data, -schema or -receiver at the end',
    '영문 소문자로 시작하는 1~32자의 소문자, 숫자, 하이픈. -data, -schema, -receiver로 끝날 수 없음',
  )
    .default('omni-agent')
    .register(aboutSettings, {
      meaning:
        'The name of this agent among those of its account and region: of its stacks, metrics, alarms and secrets.',
      korean: '같은 계정과 리전에서 이 에이전트를 구분하는 이름이며, 스택, 지표, 경보, 시크릿 이름에 쓰입니다.',
      readBy: parts,
    }),
  messagesPerSecond: wholeNumber(0, 100_000)
    .default(400)
    .register(aboutSettings, {
      meaning: 'Most messages sent in a second, over all senders; 0 is no limit.',
      korean: '모든 Sender를 합쳐 1초에 발송할 수 있는 최대 건수이며, 0은 무제한입니다.',
      original: 'send.tps',
      unit: 'messages/s',
      readBy: ['collector', 'sender'],
    }),
  sessions: wholeNumber(6, 40).default(10).register(aboutSettings, {
    meaning: 'Senders at work at the same time, over the three lanes.',
    korean: '세 레인을 합쳐 동시에 동작하는 Sender 수입니다.',
    original: 'send.session.cnt',
    unit: 'senders',
  }),
  sendQueueLimit: wholeNumber(sizes.batch, 1_000_000)
    .default(3_000)
    .register(aboutSettings, {
      meaning:
        'Most messages of one lane that are claimed and not yet sent; without a rate (messagesPerSecond 0) it is 20,000.',
      korean:
        '한 레인에서 선점되었지만 아직 발송되지 않은 메시지의 최대 건수입니다. 속도 제한이 없으면(messagesPerSecond 0) 20,000건입니다.',
      original: 'send.que.cnt',
      unit: 'messages',
      readBy: ['collector'],
    }),
  defaultValiditySeconds: wholeNumber(1, 31_536_000)
    .default(86_400)
    .register(aboutSettings, {
      meaning:
        'How long after its request_date a row whose ttl is null may still be sent; an INSERT without a ttl stores 86400.',
      korean:
        'ttl이 null인 행을 request_date 이후 얼마 동안 발송할 수 있는지 정합니다. ttl 없이 INSERT하면 86400이 저장됩니다.',
      original: 'collect.ttl',
      unit: 's',
      readBy: ['collector', 'sender', 'omni-agent'],
    }),
  collectIntervalMs: wholeNumber(100, 60_000)
    .default(2_000)
    .register(aboutSettings, {
      meaning: 'How often the Collector looks for due rows while there are none.',
      korean: '발송할 행이 없을 때 Collector가 다시 확인하는 주기입니다.',
      original: 'collect.sleep.interval',
      unit: 'ms',
      readBy: ['collector'],
    }),
  mergeIntervalMs: wholeNumber(100, 60_000)
    .default(2_000)
    .register(aboutSettings, {
      meaning: 'How often the ReportMigrator looks for reports while there are none.',
      korean: '리포트가 없을 때 ReportMigrator가 다시 확인하는 주기입니다.',
      unit: 'ms',
      readBy: ['report-migrator'],
    }),
  banCheckMinutes: wholeNumber(1, 60).default(1).register(aboutSettings, {
    meaning: 'How often the ban list is checked: the longest until a banned text counts.',
    korean: '차단 목록을 확인하는 주기이며, 차단 문구가 적용되기까지 걸리는 최대 시간입니다.',
    original: 'banCheck.interval',
    unit: 'min',
  }),
  cleanPeriodMinutes: wholeNumber(1, 60).default(1).register(aboutSettings, {
    meaning: 'How often rows are looked for that have waited too long.',
    korean: '너무 오래 대기한 행을 확인하는 주기입니다.',
    original: 'clean.period',
    unit: 'min',
  }),
  cleanTranRangeHours: wholeNumber(1, 696)
    .default(96)
    .register(aboutSettings, {
      meaning:
        'How long after its request_date an unsent row ends with E930, and after msg_sent_date a sent one without a result with E931.',
      korean:
        '발송되지 않은 행은 request_date 이후, 결과가 오지 않은 행은 msg_sent_date 이후 이 시간이 지나면 각각 E930, E931로 종료됩니다.',
      original: 'clean.tran.range',
      unit: 'h',
      readBy: ['tran-cleaner-scheduler'],
    }),
  reconcileAfterHours: wholeNumber(1, 696)
    .default(24)
    .register(aboutSettings, {
      meaning:
        'How long after its sending, and then after each inquiry, the gateway is asked about a row without a result; at the latest after cleanTranRangeHours.',
      korean:
        '결과가 오지 않은 행을 발송 이후, 그리고 매 조회 이후 얼마가 지나면 게이트웨이에 조회할지 정합니다. 늦어도 cleanTranRangeHours 뒤에는 조회합니다.',
      unit: 'h',
      readBy: ['tran-cleaner-scheduler'],
    }),
  reconcileRequests: wholeNumber(1, 1_000)
    .default(20)
    .register(aboutSettings, {
      meaning: 'Most inquiries in one period, each about 200 rows.',
      korean: '한 주기에 보낼 수 있는 최대 조회 건수이며, 한 건은 200행을 묻습니다.',
      unit: 'requests',
      readBy: ['tran-cleaner-scheduler'],
    }),
  unmatchedKeepDays: wholeNumber(1, 3_650)
    .default(90)
    .register(aboutSettings, {
      meaning: 'How long reports are kept that never found their row.',
      korean: '행을 찾지 못한 리포트를 보관하는 기간입니다.',
      unit: 'days',
      readBy: ['tran-cleaner-scheduler'],
    }),
  fileUploadMinutes: wholeNumber(1, 60).default(1).register(aboutSettings, {
    meaning: 'How often file_upload is looked at: the longest until a new file is uploaded.',
    korean: 'file_upload를 확인하는 주기이며, 새 파일이 업로드되기까지 걸리는 최대 시간입니다.',
    original: 'fileUpload.cron',
    unit: 'min',
  }),
  fileUploadTtlMinutes: wholeNumber(2, 525_600)
    .default(1_440)
    .register(aboutSettings, {
      meaning:
        'How long after its reg_date a file of file_upload is uploaded, more than fileUploadMinutes; later it ends with F002.',
      korean: 'reg_date 이후 파일을 업로드하는 시간이며 fileUploadMinutes보다 길어야 합니다. 지나면 F002로 끝납니다.',
      original: 'fileUpload.ttl',
      unit: 'min',
      readBy: ['file-upload-scheduler'],
    }),
  loopSeconds: wholeNumber(1, 65)
    .default(65)
    .register(aboutSettings, {
      meaning: 'How long one firing of a schedule keeps looking; above 60, the next one begins before it ends.',
      korean: '스케줄이 한 번 실행되어 확인을 반복하는 시간이며, 60을 넘으면 끝나기 전에 다음 실행이 시작됩니다.',
      unit: 's',
      readBy: ['collector', 'report-migrator'],
    }),
  timeZone: timeZone()
    .default('Asia/Seoul')
    .register(aboutSettings, {
      meaning: 'The zone of every timestamp column.',
      korean: '모든 timestamp 컬럼의 시간대입니다.',
      readBy: [...partsOnDatabase, 'omni-agent'],
    }),
  gatewayUrl: gatewayUrl().register(aboutSettings, {
    meaning: 'Where the gateway answers.',
    korean: '게이트웨이 주소입니다.',
    readBy: callers,
  }),
  receiverImage: matching(
    /^[^\s@]+@sha256:[0-9a-f]{64}$/,
    'an image that ends in @sha256: and a digest of 64 characters',
    '@sha256:과 64자 다이제스트로 끝나는 이미지',
  )
    .optional()
    .register(aboutSettings, {
      meaning: "A published image of the receiver; without it the deploying machine's Docker builds one.",
      korean: '레지스트리에 올려 둔 Receiver 이미지이며, 없으면 배포하는 장비의 Docker로 빌드합니다.',
    }),
  databaseName: matching(
    /^[a-z][a-z0-9_]{0,53}$/,
    'a lower-case name of at most 54 characters',
    '54자 이하의 소문자 이름',
  )
    .default('omni')
    .register(aboutSettings, {
      meaning: 'The name of the database; its roles are named after it.',
      korean: '데이터베이스 이름이며, 롤 이름도 이 이름으로 시작합니다.',
      readBy: partsOnDatabase,
    }),
  manageSchema: oneOf(['auto', 'script'])
    .default('auto')
    .register(aboutSettings, {
      meaning:
        'Who changes the database: the agent (auto), or a person who runs what omni-agent schema prints (script).',
      korean: '데이터베이스 변경 주체이며, auto는 에이전트, script는 omni-agent schema의 출력을 실행하는 사람입니다.',
      readBy: ['schema-migrator', 'table-create-scheduler'],
    }),
  ...placeSettings,
  dataApiUrl: url().optional().register(aboutSettings, {
    meaning: "With profile local: where the project's Data API server answers.",
    korean: 'profile이 local일 때 이 프로젝트의 Data API 서버 주소입니다.',
  }),
  plaintextGatewayHost: matching(
    /^[A-Za-z0-9._-]+$/,
    'the name or the IPv4 address of a host',
    '호스트 이름 또는 IPv4 주소',
  )
    .optional()
    .register(aboutSettings, {
      meaning: 'With profile local: the one host other than this machine where the gateway may be reached without TLS.',
      korean: 'profile이 local일 때 이 장비 외에 TLS 없이 게이트웨이에 접속할 수 있는 유일한 호스트입니다.',
      readBy: callers,
    }),
});

/** What a setting takes, without its default or the leave to say nothing. */
export function schemaOf(setting: (typeof agentSettings.shape)[keyof typeof agentSettings.shape]) {
  return 'unwrap' in setting ? setting.unwrap() : setting;
}

/** What holds where a person says nothing. */
export const defaults = agentSettings.omit({ gatewayUrl: true }).parse({});
