import { startSimulator } from './simulator/start.ts';
import { serveStandIn } from './stand-in.ts';

/** The gateway simulator as a process of its own. */
serveStandIn(startSimulator);
