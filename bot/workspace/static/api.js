// Talks to the server that served this page; every address is relative to it.

export class Refused extends Error {}

export async function send(name, body) {
  let response;
  try {
    response = await fetch(`ui/${name}`, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } });
  } catch {
    throw new Refused("The workspace server does not answer. Is it still running?");
  }
  return answer(response);
}

export async function upload(file, user) {
  const query = new URLSearchParams({ name: file.name, user });
  const response = await fetch(`ui/upload?${query}`, { method: "POST", body: file });
  return (await answer(response)).file;
}

async function answer(response) {
  if (response.status === 413) throw new Refused("Files of more than 32 MiB are refused; send the part that matters.");
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(body.error ?? `The workspace server refused this (${response.status}).`);
  return body;
}

export async function loadState() {
  const response = await fetch("state");
  if (!response.ok) throw new Refused("The workspace server does not know this address any more.");
  return response.json();
}

// Calls `onOpen` after every (re)connection and `onChange` for each change.
export function listen(onOpen, onChange, onLost) {
  const source = new EventSource("events");
  source.onopen = onOpen;
  source.onmessage = (event) => onChange(JSON.parse(event.data));
  source.onerror = () => {
    onLost();
    if (source.readyState === EventSource.CLOSED) setTimeout(() => listen(onOpen, onChange, onLost), 2000);
  };
}
