import { Duration, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  LogQueryVisualizationType,
  LogQueryWidget,
  MathExpression,
  PeriodOverride,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { type MetricOf, metricNames, resultsLog, type Source } from '../functions/settings/metrics.ts';
import type { AgentConfig } from './agent-config.ts';
import { functionsOf } from './agent-function.ts';
import { partMetric } from './alarm.ts';
import { pageUrl } from './release.ts';

/** One graph, with a scale on the right for what is counted in something else. */
interface Graph {
  readonly title: string;
  readonly left: readonly IMetric[];
  readonly right?: readonly IMetric[];
}

/** What there is to see of an agent, in the order that a message travels, then what it costs. */
export function agentDashboard(scope: Construct, { installation }: AgentConfig): void {
  const stack = Stack.of(scope);
  const alarms = stack.node.findAll().filter((one) => one instanceof Alarm);
  const journey = [...untilAccepted(installation), ...afterAcceptance(installation)];
  const dashboard = new Dashboard(scope, 'Dashboard', {
    dashboardName: stack.stackName,
    periodOverride: PeriodOverride.INHERIT,
    defaultInterval: Duration.hours(3),
  });
  dashboard.addWidgets(new AlarmStatusWidget({ title: 'Alarms', alarms, width: 24, height: 6 }));
  dashboard.addWidgets(
    ...journey.map(graph),
    ...results(stack),
    graph(putAside(installation)),
    graph(files(installation)),
  );
  dashboard.addWidgets(...costsOf(stack).map(graph));
}

function graph({ title, left, right = [] }: Graph): GraphWidget {
  const axis = { min: 0, showUnits: false };
  return new GraphWidget({
    title,
    left: [...left],
    right: [...right],
    leftYAxis: axis,
    rightYAxis: axis,
    width: 8,
    height: 6,
  });
}

/** Metrics of one installation, by the minute. */
function metricsOf(installation: string) {
  const metric = <Name extends Source>(
    part: Name,
    name: MetricOf<Name>,
    options: { label: string; statistic: string },
  ) => partMetric(part, name, { installation, ...options });
  return {
    sum: <Name extends Source>(part: Name, name: MetricOf<Name>, label: string) =>
      metric(part, name, { label, statistic: 'Sum' }),
    waits: (name: MetricOf<'monitor'>, label: string) => metric('monitor', name, { label, statistic: 'Maximum' }),
  };
}

const { monitor, sender, 'report-migrator': merge, 'log-migrator': archive, collector } = metricNames;
const cleaner = metricNames['tran-cleaner-scheduler'];
const uploads = metricNames['file-upload-scheduler'];

function untilAccepted(installation: string): Graph[] {
  const { sum, waits } = metricsOf(installation);
  return [
    {
      title: 'Waiting (right: seconds)',
      left: [waits(monitor.dueVeryFast, 'veryfast'), waits(monitor.dueFast, 'fast'), waits(monitor.dueSlow, 'slow')],
      right: [waits(monitor.oldestDue, 'the oldest'), waits(monitor.oldestVeryFast, 'the oldest veryfast')],
    },
    {
      title: 'Claimed',
      left: [
        waits(monitor.claimed, 'claimed, not sent'),
        waits(monitor.deferred, 'held back by the agent'),
        sum('collector', collector.collected, 'claimed in a minute'),
      ],
    },
    {
      title: 'In doubt (right: seconds)',
      left: [waits(monitor.inDoubt, 'in doubt')],
      right: [waits(monitor.oldestInDoubt, 'the oldest')],
    },
    {
      title: 'Accepted per second',
      left: [
        new MathExpression({
          expression: 'accepted / PERIOD(accepted)',
          usingMetrics: { accepted: sum('sender', sender.accepted, 'accepted') },
          label: 'accepted per second',
          period: Duration.minutes(1),
        }),
      ],
    },
    {
      title: 'Not accepted, a minute',
      left: [
        sum('sender', sender.rejected, 'rejected by the gateway'),
        sum('sender', sender.refused, 'refused by the agent'),
        sum('sender', sender.refusedRequests, 'requests refused as a whole'),
      ],
    },
  ];
}

function afterAcceptance(installation: string): Graph[] {
  const { sum, waits } = metricsOf(installation);
  return [
    {
      title: 'Report lag (right: seconds)',
      left: [waits(monitor.unmerged, 'not merged')],
      right: [waits(monitor.oldestUnmerged, 'the oldest')],
    },
    {
      title: 'Merged, a minute',
      left: [sum('report-migrator', merge.merged, 'merged'), sum('report-migrator', merge.unmatched, 'without a row')],
    },
    {
      title: 'Archived, a minute (right: seconds)',
      left: [sum('log-migrator', archive.archived, 'archived'), waits(monitor.unarchived, 'not archived')],
      right: [waits(monitor.oldestUnarchived, 'the oldest')],
    },
    {
      title: 'Cleaned up, a minute',
      left: [
        sum('tran-cleaner-scheduler', cleaner.expired, 'never sent (E930)'),
        sum('tran-cleaner-scheduler', cleaner.unreported, 'without a result (E931)'),
        sum('tran-cleaner-scheduler', cleaner.found, 'reports found by inquiry'),
      ],
    },
  ];
}

function putAside(installation: string): Graph {
  const { waits } = metricsOf(installation);
  return {
    title: 'Put aside (right: seconds)',
    left: [waits(monitor.setAside, 'put aside')],
    right: [waits(monitor.oldestSetAside, 'the oldest')],
  };
}

function files(installation: string): Graph {
  const { sum, waits } = metricsOf(installation);
  return {
    title: 'Files (right: seconds)',
    left: [
      waits(monitor.files, 'waiting'),
      sum('file-upload-scheduler', uploads.uploaded, 'uploaded in a minute'),
      sum('file-upload-scheduler', uploads.renewed, 'renewed in a minute'),
      sum('file-upload-scheduler', uploads.failed, 'failed in a minute'),
    ],
    right: [waits(monitor.oldestFile, 'the oldest')],
  };
}

/**
 * Counted in the log, which costs a look and nothing while nobody looks. A metric by channel and carrier, or of each day, would be
 * billed for each, and still not be the tables: those have the exact figures.
 */
function results(stack: Stack): IWidget[] {
  const logGroupNames = functionsOf(stack)
    .filter(({ program }) => program === 'report-migrator')
    .map(({ logGroup }) => logGroup.logGroupName);
  const ofDay = new TextWidget({
    markdown: `**Of a day**: show the last 24 hours, or ask the tables, which count exactly: \`omni-agent stats\`, or the queries of [docs/statistics.md](${pageUrl('statistics')}).`,
    width: 8,
    height: 6,
  });
  const table = new LogQueryWidget({
    title: 'Results by channel and carrier, of the time shown',
    view: LogQueryVisualizationType.TABLE,
    logGroupNames,
    queryLines: [`filter message = '${resultsLog}'`, 'stats sum(delivered), sum(undelivered) by channel, carrier'],
    width: 8,
    height: 6,
  });
  return [table, ofDay];
}

/** Functions are billed by their seconds, EventBridge and SQS next to nothing; docs/costs.md has the whole. */
function costsOf(stack: Stack): Graph[] {
  const functions = functionsOf(stack);
  const period = Duration.hours(1);
  return [
    {
      title: 'Cost: milliseconds of functions, an hour',
      left: functions.map((one) => one.metricDuration({ statistic: 'Sum', period, label: one.program })),
    },
    {
      title: 'Cost: invocations, an hour',
      left: functions.map((one) => one.metricInvocations({ statistic: 'Sum', period, label: one.program })),
    },
  ];
}
