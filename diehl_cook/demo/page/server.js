// Asking the server, and saying in one line what went wrong.

const line = document.getElementById("error");

export function complain(words) {
  line.textContent = words;
  line.hidden = !words;
}

/** The response to a request; an error says in one line why there is none. */
export async function ask(path, body, options = {}) {
  let response;
  try {
    response = await fetch(path, body === undefined ? options : { method: "POST", body, ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The server does not answer. It ended, or this machine is busy; `make demo` starts it.");
  }
  if (response.ok) return response;
  const said = await response.json().catch(() => ({ error: response.statusText }));
  throw new Error(said.error);
}
