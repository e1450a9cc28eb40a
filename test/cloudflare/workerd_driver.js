/**
 * A worker beside the one under test: makes an email event of an HTTP request, as the platform's own tools for local
 * development do, and tells by HTTP what became of it.
 */

export default {
  async fetch(request, env) {
    const { searchParams, pathname } = new URL(request.url);
    if (pathname !== "/email") return await env.APP.fetch(request);
    const bytes = await request.arrayBuffer();
    let text;
    try {
      await env.APP.email({
        from: searchParams.get("from"),
        to: searchParams.get("to"),
        raw: new Blob([bytes]).stream(),
        rawSize: bytes.byteLength,
        headers: new Headers(),
        setReject: (reason) => {
          text = reason;
        },
      });
    } catch (error) {
      return Response.json({ outcome: "later", error: `${error}` });
    }
    return Response.json(text === undefined ? { outcome: "taken" } : { outcome: "refused", text });
  },
};
