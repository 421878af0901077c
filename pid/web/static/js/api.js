// The service's API as promises; every failure is an ApiError with the service's own sentence.

const ROOT = "/api/v1/";
const csrf = document.querySelector("meta[name=csrf-token]")?.content ?? "";

export class ApiError extends Error {
  constructor(status, code, message, details = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

async function answer(response) {
  if (response.status === 204) return null;
  const type = response.headers.get("content-type") ?? "";
  const body = type.includes("json") ? await response.json() : await response.text();
  if (response.ok) return body;
  const error = body?.error ?? {};
  throw new ApiError(response.status, error.code ?? "error", error.message ?? response.statusText, error.details);
}

function request(method, body, headers = {}) {
  const options = { method, headers: { Accept: "application/json", ...headers }, credentials: "same-origin" };
  if (method !== "GET") options.headers["X-CSRFToken"] = csrf;
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  return options;
}

async function send(method, path, body, headers) {
  try {
    return await fetch(ROOT + path, request(method, body, headers));
  } catch (error) {
    throw new ApiError(0, "offline", error.message);
  }
}

const call = async (method, path, body, headers) => answer(await send(method, path, body, headers));

export const api = {
  get: (path) => call("GET", path),
  post: (path, body, headers) => call("POST", path, body, headers),
  patch: (path, body) => call("PATCH", path, body),
  put: (path, body) => call("PUT", path, body),
  remove: (path) => call("DELETE", path),

  /** What is answered to a POST, kept as a file by the browser. */
  async download(path, body, name) {
    const response = await send("POST", path, body, { Accept: "*/*" });
    if (!response.ok) await answer(response);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await response.blob());
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  },

  /** One file with progress (0..1), which fetch does not tell. */
  upload(path, file, onprogress) {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append("files", file, file.name);
    return new Promise((resolve, reject) => {
      request.upload.onprogress = (event) => onprogress(event.lengthComputable ? event.loaded / event.total : 0);
      request.onerror = () => reject(new ApiError(0, "offline", "The service cannot be reached."));
      request.onload = () => {
        let body = {};
        try {
          body = JSON.parse(request.responseText);
        } catch {
          // not ours: a proxy's page, perhaps
        }
        if (request.status < 300) resolve(body);
        else reject(new ApiError(request.status, body.error?.code ?? "error", body.error?.message ?? request.statusText));
      };
      request.open("POST", ROOT + path);
      request.setRequestHeader("X-CSRFToken", csrf);
      request.setRequestHeader("Accept", "application/json");
      request.setRequestHeader("Idempotency-Key", crypto.randomUUID?.() ?? String(Math.random()));
      request.send(form);
    });
  },
};
