// Asks the server. A refusal is thrown as an Error whose message is the server's one line.

export async function ask(method, path, body) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
      credentials: "same-origin",
    });
  } catch {
    throw new Error("server: does not answer, start it again with meter-sim keypad");
  }
  const told = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) {
    const fault = new Error(told.error);
    fault.status = answer.status;
    throw fault;
  }
  return told;
}
