/** DNS for mail: one interface, and resolvers over UDP and TCP, over HTTPS, and from a table. */
export type {
  Absent,
  Answer,
  Failure,
  FailureReason,
  Found,
  MxRecord,
  RecordData,
  RecordType,
  ResolveOptions,
  Resolver,
} from "./resolver.ts";
export { failure } from "./resolver.ts";
export type { CacheOptions } from "./cache.ts";
export type { LookupOptions } from "./lookup.ts";
export { type DnsOptions, dnsResolver } from "./client.ts";
export { type HttpsOptions, httpsResolver } from "./https.ts";
export { staticResolver } from "./static.ts";
export type { StaticRecords, StaticTable } from "./static.ts";
export { isWithin, reverseLabels, reverseName, sameName, wireName } from "./name.ts";
export { parseResolvConf, type ResolvConf, type ServerAddress, systemResolvConf } from "./servers.ts";
