import { serveStandIn } from '../stand-in.ts';
import { startSimulator } from './start.ts';

/** The gateway simulator as a process of its own. */
serveStandIn(startSimulator);
