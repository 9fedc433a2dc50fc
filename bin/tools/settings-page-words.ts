import { type AboutSetting, unitsInKorean } from '../../functions/settings/about-settings.ts';
import type { Expectation } from '../../functions/settings/schemas.ts';

export type Language = 'en' | 'ko';

/** What the page of the settings says around them. */
export interface PageWords {
  readonly title: string;
  readonly where: string;
  readonly otherwise: string;
  readonly columns: readonly string[];
  readonly purposes: string;
  readonly readers: string;
  readonly required: string;
  readonly none: string;
  readonly rangeOf: (expectation: Expectation) => string;
  readonly unitOf: (unit: keyof typeof unitsInKorean) => string;
  readonly meaningOf: (about: AboutSetting) => string;
  readonly readBy: (parts: string) => string;
}

export const pageWords: Readonly<Record<Language, PageWords>> = {
  en: {
    title: 'Settings',
    where: "The settings stand under one key of the CDK app's context, `omniAgent`: in `cdk.json`",
    otherwise: `or, in place of all of those, on the command line: \`npx cdk deploy --all -c omniAgent='{"gatewayUrl": "…", "alarmTopicArn": "…"}'\`. In an app of your
own they are properties of the construct \`OmniAgent\`. A wrong value or an unknown name stops the synthesis, with one line that
says what was expected. Defaults are those of the original agent, where it has the setting.`,
    columns: ['setting', 'default', 'range', 'unit', 'in the original'],
    purposes: 'What each is for',
    readers: 'The CDK app reads all of them. Parts that have one in their environment are named with it.',
    required: 'required',
    none: 'none',
    rangeOf: ({ expected }) => expected,
    unitOf: (unit) => unit,
    meaningOf: ({ meaning }) => meaning,
    readBy: (parts) => `Read by ${parts}.`,
  },
  ko: {
    title: '설정',
    where: '설정은 CDK 앱 컨텍스트의 `omniAgent` 키 하나에 모여 있습니다. `cdk.json`에는 다음과 같이 씁니다.',
    otherwise: `\`npx cdk deploy --all -c omniAgent='{"gatewayUrl": "…", "alarmTopicArn": "…"}'\`처럼 명령줄에서 이 값 전체를 대신 지정할 수도 있습니다. 직접 만든
앱에서는 \`OmniAgent\` 컨스트럭트의 속성입니다. 값이 틀리거나 모르는 이름이 있으면 synth가 중단되고, 기대한 값을 한 줄로
알려 줍니다. 기존 에이전트에 같은 설정이 있으면 기본값도 같습니다.`,
    columns: ['설정', '기본값', '범위', '단위', '기존 에이전트의 설정'],
    purposes: '각 설정의 용도 <a id="what-each-is-for"></a>',
    readers: '모든 설정은 CDK 앱이 읽습니다. 환경 변수로 받는 구성 요소가 있으면 설정마다 함께 적었습니다.',
    required: '필수',
    none: '없음',
    rangeOf: ({ korean }) => korean,
    unitOf: (unit) => unitsInKorean[unit],
    meaningOf: ({ korean }) => korean,
    readBy: (parts) => `사용하는 구성 요소: ${parts}.`,
  },
};
