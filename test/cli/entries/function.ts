export default function deliver(request: Request): Response {
  const user = request.headers.get("smtp-rcpt-to")?.split("@")[0];
  return new Response(`thanks from ${user}, true`, { headers: { "content-type": "text/plain" } });
}
