/** A handler, ready to take connections: options, limits, spool and clock put together. */

import { hostname } from "node:os";
import { setImmediate } from "node:timers";
import { application } from "./app/application.ts";
import { type DeliveryStore, MemoryDeliveryStore } from "./app/deliveries.ts";
import { appOf, type MailHandler } from "./app/handler.ts";
import { StageRoutes } from "./app/routes.ts";
import { Connections } from "./connections.ts";
import { FileRoom } from "./fileroom.ts";
import { defaultGrace, limitsOf } from "./limits.ts";
import { logFewFiles } from "./log.ts";
import type { Snapshot } from "./operations/exposition.ts";
import { logHttpFailure } from "./operations/log.ts";
import { Operations } from "./operations/operations.ts";
import { type PageHandler, pages, type State } from "./operations/page.ts";
import { policyOf, type ServeOptions, validate } from "./options.ts";
import { CountedPlaces, type Places } from "./places.ts";
import { AddressList } from "./protocol/addresslist.ts";
import { isDomain } from "./protocol/domain.ts";
import { ProxyGate } from "./proxy/gate.ts";
import { Departures } from "./session/departures.ts";
import { AddressFailures } from "./session/failures.ts";
import { sessionOptions, type SessionPolicy } from "./session/options.ts";
import type { Session } from "./session/session.ts";
import type { Socket } from "./socket.ts";
// The spool asks for it when a message needs a file; it might not be to be had then, for want of file descriptors.
import "./spool/file.ts";
import { checkFolder } from "./spool/folder.ts";
import { defaultMemoryBudget, Spool, type SpoolOptions } from "./spool/spool.ts";
import { Sweep } from "./sweep.ts";
import type { Credentials } from "./tls/credentials.ts";
import { after } from "./timer.ts";

/** What takes connections. */
export interface Engine {
  /** Begins a session; a connection too many is turned away with 421. */
  readonly accept: (socket: Socket) => void;
  /** The same for a listener with rules of its own. */
  acceptUnder(policy: SessionPolicy, credentials: Credentials | undefined): (socket: Socket) => void;
  readonly sessions: readonly Session[];
  /** Resolves once everything is loaded that watches it; it takes connections before that, too. */
  ready(): Promise<void>;
  /** Answers the app's HTTP requests, and those about the server's state. */
  pages(state: State): PageHandler;
  /** See {@linkcode Server.metrics}. */
  metrics(): Promise<string>;
  /** The same as numbers, to be summed up. */
  snapshot(): Promise<Snapshot>;
  /** Lets sessions finish, and drops what is left after `grace` milliseconds; default ten seconds. */
  close(settings?: { readonly grace?: number }): Promise<void>;
}

/** What several engines that serve one port have in common. */
export interface Shared {
  readonly places: Places;
  readonly addressFailures: AddressFailures;
  readonly deliveries: DeliveryStore;
  /** How many they are: each has its share of the spool. */
  readonly workers: number;
}

/**
 * Puts an engine together.
 *
 * @param shared absent: it has all for itself.
 * @throws {TypeError | RangeError} for a handler that is none, and for options that cannot be.
 * @throws {Error} when messages cannot be kept in the folder that is set.
 */
export function createEngine(handler: MailHandler, options: ServeOptions, shared?: Shared): Engine {
  validate(options);
  const settings = sessionOptions(options, machineName());
  // A client is never late for its punishment: nobody has to look at the clock for that.
  const { authFailureDelay: _, ...waits } = settings.timeouts;
  const shortest = Math.min(...Object.values(waits));
  const sweep = new Sweep(Math.min(1000, Math.max(10, shortest / 10)));
  const background = new Set<Promise<unknown>>();
  if (options.spool?.directory !== undefined) checkFolder(options.spool.directory);
  const spool = new Spool(shareOf(options.spool, shared?.workers));
  const limits = limitsOf(options);
  const addressFailures = shared?.addressFailures ??
    new AddressFailures(limits.authFailuresPerAddress, limits.authFailureWindow);
  const places = shared?.places ?? new CountedPlaces(limits.maxConnections, limits.maxConnectionsPerAddress);
  const share = Math.ceil(limits.maxConnections / (shared?.workers ?? 1));
  const room = FileRoom.ofProcess();
  if (room.connections < share) logFewFiles(room, share);
  const connections = new Connections(sweep, places, room);
  const departures = new Departures(setImmediate, () => connections.size);
  const operations = new Operations(options, { connections, spool, background });
  const app = appOf(handler);
  const answers = operations.measured(application({
    routes: new StageRoutes(app, settings.name),
    bindings: options.env,
    handlerTimeout: settings.timeouts.handler,
    deliveryTimeout: settings.timeouts.delivery,
    deliveries: options.deliveries ?? shared?.deliveries ?? new MemoryDeliveryStore(),
    deadlines: sweep,
    background,
    ...operations.surroundings,
  }));
  const gate = new ProxyGate({
    trusted: new AddressList("proxyProtocol", options.proxyProtocol),
    timeout: settings.timeouts.proxyHeader,
    most: Math.min(share, room.connections),
    deadlines: sweep,
    failed: operations.proxyFault,
  });

  function acceptUnder(policy: SessionPolicy, credentials: Credentials | undefined): (socket: Socket) => void {
    const own = { ...settings, ...policy };
    const circumstances = {
      application: answers,
      options: own,
      openContent: spool.open,
      observer: operations.observer,
      departures,
      addressFailures,
    };
    return (socket) => gate.pass(socket, credentials, (passed) => connections.accept(passed, circumstances));
  }

  async function close({ grace = defaultGrace }: { readonly grace?: number } = {}): Promise<void> {
    let takeBack = () => {};
    const graceIsOver = new Promise<void>((resolve) => takeBack = after(grace, resolve));
    graceIsOver.then(() => connections.drop());
    gate.close();
    await connections.drain();
    // Work that outlasts its message may outlast the grace as well; then it is left alone.
    await Promise.race([Promise.allSettled(background), graceIsOver]);
    takeBack();
  }

  return {
    accept: acceptUnder(policyOf(options), undefined),
    acceptUnder,
    get sessions(): readonly Session[] {
      return connections.sessions;
    },
    ready: () => operations.ready(),
    pages: (state) =>
      pages({
        app,
        state,
        metrics: operations.metrics === undefined ? undefined : () => operations.exposition(),
        bindings: options.env,
        background,
        failed: logHttpFailure,
      }),
    metrics: () => operations.exposition(),
    snapshot: () => operations.snapshot(),
    close,
  };
}

/** What one of several may use of a spool's room. */
function shareOf(options: SpoolOptions = {}, workers: number = 1): SpoolOptions {
  const { memoryBudget = defaultMemoryBudget, diskBudget = Infinity } = options;
  return { ...options, memoryBudget: memoryBudget / workers, diskBudget: diskBudget / workers };
}

/** What the server calls itself when nobody says so. */
export function machineName(): string {
  return isDomain(hostname()) ? hostname() : "localhost";
}
