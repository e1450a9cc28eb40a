export type { Endpoint, PeerCertificate, Socket, TlsInfo } from "./socket.ts";
