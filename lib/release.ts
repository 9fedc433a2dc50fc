import manifest from '../package.json' with { type: 'json' };

/** The release that this is, and where its documents can be read. The npm package has it in its bundle. */
export const release = {
  version: manifest.version,
  repositoryUrl: manifest.repository.url,
} as const;

/** A page of docs/ as it was released. */
export function pageUrl(name: string): string {
  return `${release.repositoryUrl}/blob/v${release.version}/docs/${name}.md`;
}
