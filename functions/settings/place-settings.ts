import { aboutSettings } from './about-settings.ts';
import { capacity, listOf, matching, trueOrFalse, wholeNumber } from './schemas.ts';

const securityGroupId = /^sg-[0-9a-f]+$/;
const subnetIds = () => listOf(/^subnet-[0-9a-f]+$/, 'ids of subnets', '서브넷 ID');
const secretArn = () =>
  matching(
    /^arn:[a-z-]+:secretsmanager:.+-[A-Za-z0-9]{6}$/,
    'the whole ARN of a secret, with its last six characters',
    '마지막 여섯 글자를 포함한 시크릿의 전체 ARN',
  );

/** The settings of where an agent stands: its database, its network, and what of these exists already. */
export const placeSettings = {
  minCapacity: capacity(0.5, 256, 'at 0 it would never pause: the agent looks for rows every few seconds')
    .default(0.5)
    .register(aboutSettings, {
      meaning: 'Least capacity of the database.',
      korean: '데이터베이스의 최소 용량입니다.',
      unit: 'ACU',
    }),
  maxCapacity: capacity(1, 256).default(8).register(aboutSettings, {
    meaning: 'Most capacity of the database, at least minCapacity.',
    korean: '데이터베이스의 최대 용량이며, minCapacity 이상이어야 합니다.',
    unit: 'ACU',
  }),
  reader: trueOrFalse().default(false).register(aboutSettings, {
    meaning: 'Whether the database has a second instance, in another zone, that takes over when the first one fails.',
    korean: '첫 번째 인스턴스에 장애가 나면 이어받을 두 번째 인스턴스를 다른 가용 영역에 둘지 정합니다.',
  }),
  backupDays: wholeNumber(1, 35).default(14).register(aboutSettings, {
    meaning: 'How long the backups of the database are kept.',
    korean: '데이터베이스 백업 보관 기간입니다.',
    unit: 'days',
  }),
  deletionProtection: trueOrFalse().default(true).register(aboutSettings, {
    meaning: 'Whether the database and the stack that holds it refuse to be deleted.',
    korean: '데이터베이스와 이를 담은 스택의 삭제를 막을지 정합니다.',
  }),
  kmsKeyArn: matching(/^arn:[a-z-]+:kms:.+:key\/.+$/, 'the ARN of a key', '키의 ARN')
    .optional()
    .register(aboutSettings, {
      meaning:
        'The KMS key of the database and its secrets; without it they have those that AWS keeps for the account.',
      korean: '데이터베이스와 시크릿에 쓸 KMS 키이며, 없으면 AWS가 계정에 제공하는 키를 씁니다.',
    }),
  fileBucketName: matching(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of a bucket', '버킷 이름')
    .optional()
    .register(aboutSettings, {
      meaning: 'An existing bucket with the files of file_upload; without it the agent makes one.',
      korean: 'file_upload의 파일을 담은 기존 버킷이며, 없으면 에이전트가 새로 만듭니다.',
    }),
  vpcId: matching(/^vpc-[0-9a-f]+$/, 'the id of a VPC', 'VPC ID')
    .optional()
    .register(aboutSettings, {
      meaning: 'An existing VPC to use; without it the agent makes one.',
      korean: '사용할 기존 VPC이며, 없으면 에이전트가 새로 만듭니다.',
    }),
  senderSubnetIds: subnetIds().optional().register(aboutSettings, {
    meaning: 'With vpcId: where sender and receiver are, which must reach AWS and the gateway from there.',
    korean: 'vpcId와 함께 쓰며, Sender와 Receiver를 둘 서브넷으로 AWS와 게이트웨이에 접속할 수 있어야 합니다.',
  }),
  databaseSubnetIds: subnetIds().optional().register(aboutSettings, {
    meaning: 'With vpcId and a new database: its subnets, in two zones at least.',
    korean: 'vpcId와 새 데이터베이스를 쓸 때의 데이터베이스 서브넷이며, 가용 영역이 두 개 이상이어야 합니다.',
  }),
  vpcCidr: matching(/^(\d{1,3}\.){3}\d{1,3}\/(1[6-9]|2[0-4])$/, 'an IPv4 range from /16 to /24', '/16~/24의 IPv4 대역')
    .default('10.0.0.0/16')
    .register(aboutSettings, {
      meaning: 'The addresses of a new VPC.',
      korean: '새 VPC의 주소 범위입니다.',
    }),
  natGateway: trueOrFalse().default(true).register(aboutSettings, {
    meaning:
      'Whether a new VPC has a way out of its own; without it you lead its private subnets to AWS and the gateway.',
    korean:
      '새 VPC에 외부로 나가는 경로를 둘지 정하며, 없으면 프라이빗 서브넷에서 AWS와 게이트웨이로 가는 경로를 직접 구성합니다.',
  }),
  addressAllocationId: matching(/^eipalloc-[0-9a-f]+$/, 'the allocation id of an Elastic IP', '탄력적 IP의 할당 ID')
    .optional()
    .register(aboutSettings, {
      meaning: 'An existing address from which a new VPC reaches the gateway; without it the agent allocates one.',
      korean: '새 VPC에서 게이트웨이로 나갈 때 쓸 기존 주소이며, 없으면 에이전트가 할당합니다.',
    }),
  clientSecurityGroupIds: listOf(securityGroupId, 'ids of security groups', '보안 그룹 ID')
    .default([])
    .register(aboutSettings, {
      meaning: 'Whose members may connect to the database.',
      korean: '데이터베이스 접속을 허용할 보안 그룹입니다.',
    }),
  clientCidrs: listOf(/^((\d{1,3}\.){3}\d{1,3}|[0-9a-f:]+)\/\d{1,3}$/, 'ranges of addresses', '주소 대역')
    .default([])
    .register(aboutSettings, {
      meaning: 'From where clients may connect to the database.',
      korean: '데이터베이스 접속을 허용할 주소 범위입니다.',
    }),
  databaseSecurityGroupId: matching(securityGroupId, 'the id of a security group', '보안 그룹 ID')
    .optional()
    .register(aboutSettings, {
      meaning: 'With databaseClusterArn: the group of that database, in which its port is opened for clients.',
      korean: 'databaseClusterArn과 함께 쓰며, 클라이언트에게 포트를 열어 줄 데이터베이스의 보안 그룹입니다.',
    }),
  databaseClusterArn: matching(/^arn:[a-z-]+:rds:.+:cluster:.+$/, 'the ARN of a cluster', '클러스터의 ARN')
    .optional()
    .register(aboutSettings, {
      meaning: 'An existing Aurora PostgreSQL cluster with the Data API to use; without it the agent makes one.',
      korean: '사용할 기존 Aurora PostgreSQL 클러스터(Data API 사용)이며, 없으면 에이전트가 새로 만듭니다.',
    }),
  databaseEndpoint: matching(/^[A-Za-z0-9.-]+:\d{1,5}$/, 'host:port', 'host:port')
    .optional()
    .register(aboutSettings, {
      meaning:
        'With databaseClusterArn: where that database answers, for the outputs and the port that is opened for clients (without it, 5432).',
      korean:
        'databaseClusterArn과 함께 쓰며, 출력값과 클라이언트에게 열 포트를 정할 데이터베이스 주소입니다. 없으면 포트는 5432입니다.',
    }),
  masterSecretArn: secretArn().optional().register(aboutSettings, {
    meaning: "With databaseClusterArn: the secret of that database's master user, which creates the agent's roles.",
    korean: 'databaseClusterArn과 함께 쓰며, 에이전트의 롤을 만드는 마스터 사용자의 시크릿입니다.',
  }),
  ownerSecretArn: secretArn().optional().register(aboutSettings, {
    meaning: 'An existing secret of the role that owns the tables.',
    korean: '테이블 소유자 롤의 기존 시크릿입니다.',
  }),
  agentSecretArn: secretArn().optional().register(aboutSettings, {
    meaning: 'An existing secret of the role that the functions are.',
    korean: '함수가 사용하는 롤의 기존 시크릿입니다.',
  }),
  customerSecretArn: secretArn().optional().register(aboutSettings, {
    meaning: "An existing secret of the role that a customer's application is.",
    korean: '고객 애플리케이션이 사용하는 롤의 기존 시크릿입니다.',
  }),
  alarmTopicArn: matching(
    /^(none|arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256})$/,
    'the ARN of an SNS topic, or none',
    'SNS 토픽의 ARN 또는 none',
  )
    .optional()
    .register(aboutSettings, {
      meaning:
        'With profile aws, and required there: whom alarms call, and tell that they are over; none calls nobody.',
      korean: 'profile이 aws일 때 필수입니다: 경보와 해제 알림을 보낼 곳이며, none이면 아무에게도 알리지 않습니다.',
    }),
  gatewaySecretArn: secretArn().optional().register(aboutSettings, {
    meaning: 'An existing secret with the credentials of the gateway.',
    korean: '게이트웨이 인증 정보를 담은 기존 시크릿입니다.',
  }),
};
