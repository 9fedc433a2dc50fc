import type { World } from './world.ts';

/** The violation that this world has noted, in words; undefined if none. It ends the run after the current event. */
export async function verdictOf(world: World): Promise<string | undefined> {
  world.after(0, () => undefined);
  return await world
    .run(() => true, 1)
    .then(
      () => undefined,
      (error: Error) => error.message,
    );
}
