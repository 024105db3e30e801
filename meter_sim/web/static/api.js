// Asks the server. A refusal is thrown as an Error whose message is the server's one line.

let named = "";

// The session that requests are about: this page's own, also when another page of the browser begins one.
export const about = (session) => (named = session);

async function answerOf(method, path, body, session) {
  const headers = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (session) headers["X-Session"] = session;
  try {
    return await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
      credentials: "same-origin",
    });
  } catch {
    const fault = new Error("server: does not answer, start it again with meter-sim keypad");
    fault.status = 0;
    throw fault;
  }
}

async function refused(answer) {
  const fault = new Error((await answer.json()).error);
  fault.status = answer.status;
  return fault;
}

export async function ask(method, path, body, session = named) {
  const answer = await answerOf(method, path, body, session);
  if (!answer.ok) throw await refused(answer);
  return answer.status === 204 ? null : answer.json();
}

// A file of the server: its name and content.
export async function fetched(path) {
  const answer = await answerOf("GET", path, undefined, named);
  if (!answer.ok) throw await refused(answer);
  const name = /filename=([\w.-]+)/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1] ?? "session.json";
  return { name, content: await answer.blob() };
}
