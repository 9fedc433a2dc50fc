/** For example 3 s, 12 min, 5 h, 2 d. */
export function age(seconds: number | null): string {
  if (seconds === null) return '';
  const units = [
    { name: 'd', seconds: 86_400 },
    { name: 'h', seconds: 3_600 },
    { name: 'min', seconds: 60 },
  ];
  const unit = units.find((one) => seconds >= 2 * one.seconds) ?? { name: 's', seconds: 1 };
  return `${Math.floor(Math.max(0, seconds) / unit.seconds)} ${unit.name}`;
}
