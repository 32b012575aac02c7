// Sends a large file in parts, so that it can be paused, and goes on after a break or in a new window.
// Smaller files, and all files where there is no JavaScript, are sent by the form itself.
"use strict";

const RETRY_SECONDS = [1, 2, 4, 8, 15];

for (const form of document.querySelectorAll("form[data-parts]")) {
  const field = form.querySelector("input[type=file]");
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  const partBytes = Number(form.dataset.partBytes);
  const panel = form.querySelector(".sending");
  const bar = panel.querySelector("progress");
  const told = panel.querySelector("[role=status]");
  const pause = panel.querySelector("button");
  let isSending = false;
  let goOn = null;
  let running = null;

  class Refused extends Error {}

  const ask = (method, address, headers = {}, body = undefined) => {
    running = new AbortController();
    return fetch(address, { method, headers: { "X-CSRFToken": token, ...headers }, body, signal: running.signal });
  };
  const refusal = async (answer) => {
    const problem = await answer.json().catch(() => ({}));
    return new Refused(problem.detail || "The file could not be sent. Reload the page and try again.");
  };
  const base64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  const keyOf = (file) => `upload ${form.dataset.parts} ${file.name} ${file.size} ${file.lastModified}`;
  const remember = (key, address) => {
    try {
      if (address) localStorage.setItem(key, address);
      else localStorage.removeItem(key);
    } catch {
      // Without a store, a new window begins anew.
    }
  };
  const remembered = (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  };
  const show = (offset, size, words) => {
    panel.hidden = false;
    bar.max = size;
    bar.value = offset;
    told.textContent = `${inWords(offset)} of ${inWords(size)} ${words}`;
  };

  const offsetOf = async (address) => {
    const answer = await ask("HEAD", address);
    if (!answer.ok) throw await refusal(answer);
    return Number(answer.headers.get("Upload-Offset"));
  };
  // Where an upload of this file stands, if one was begun.
  const find = async (file) => {
    const address = remembered(keyOf(file));
    if (!address) return null;
    const answer = await ask("HEAD", address);
    if (answer.ok) return { address, offset: Number(answer.headers.get("Upload-Offset")) };
    if (answer.status === 404) remember(keyOf(file), null);
    return null;
  };
  const begin = async (file) => {
    const headers = {
      "Upload-Length": file.size,
      "Upload-Metadata": `filename ${base64(new TextEncoder().encode(file.name))}`,
    };
    const answer = await ask("POST", form.dataset.parts, headers);
    if (!answer.ok) throw await refusal(answer);
    const address = answer.headers.get("Location");
    remember(keyOf(file), address);
    return { address, offset: 0 };
  };
  const sendPart = async (file, upload) => {
    const part = await file.slice(upload.offset, upload.offset + partBytes).arrayBuffer();
    const headers = { "Upload-Offset": upload.offset, "Content-Type": "application/offset+octet-stream" };
    // Browsers compute checksums only for pages that came over https, or from this machine.
    if (crypto.subtle) {
      headers["Upload-Checksum"] = `sha256 ${base64(new Uint8Array(await crypto.subtle.digest("SHA-256", part)))}`;
    }
    const answer = await ask("PATCH", upload.address, headers, part);
    if (answer.status === 204) {
      upload.offset = Number(answer.headers.get("Upload-Offset"));
    } else if (answer.status === 409) {
      // An earlier part has arrived whose answer was lost.
      upload.offset = await offsetOf(upload.address);
    } else if ([408, 429, 460].includes(answer.status) || answer.status >= 500) {
      throw new Error((await refusal(answer)).message);
    } else {
      throw await refusal(answer);
    }
  };
  const resumed = () => {
    pause.textContent = "Resume";
    return new Promise((resolve) => (goOn = resolve)).then(() => {
      goOn = null;
      pause.textContent = "Pause";
    });
  };
  const send = async (file) => {
    let upload = null;
    let failures = 0;
    let wasPaused = false;
    for (;;) {
      try {
        upload = upload || (await find(file)) || (await begin(file));
        if (wasPaused) {
          // The part that was being sent may have arrived.
          upload.offset = await offsetOf(upload.address);
          wasPaused = false;
        }
        if (upload.offset >= file.size) return upload;
        show(upload.offset, file.size, "sent");
        await sendPart(file, upload);
        failures = 0;
      } catch (error) {
        if (error instanceof Refused) throw error;
        const offset = upload ? upload.offset : 0;
        if (error.name === "AbortError") {
          show(offset, file.size, "sent. Paused; you may also close this page and choose the file again later.");
          await resumed();
          wasPaused = true;
        } else if (failures < RETRY_SECONDS.length) {
          show(offset, file.size, "sent. The connection broke; trying again…");
          await new Promise((resolve) => setTimeout(resolve, RETRY_SECONDS[failures] * 1000));
          failures += 1;
        } else {
          show(offset, file.size, `sent. It does not go on: ${error.message}`);
          await resumed();
          failures = 0;
        }
      }
    }
  };
  const start = async (file, pressed) => {
    const controls = [...form.querySelectorAll(".actions button"), field];
    isSending = true;
    pause.hidden = false;
    controls.forEach((control) => (control.disabled = true));
    try {
      const upload = await send(file);
      show(file.size, file.size, "sent.");
      const add = (name, value) => form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
      add("parts", upload.address.split("/").filter(Boolean).pop());
      if (pressed && pressed.name) add(pressed.name, pressed.value);
      isSending = false;
      form.submit();
    } catch (error) {
      told.textContent = error.message;
      isSending = false;
      pause.hidden = true;
      controls.forEach((control) => (control.disabled = false));
    }
  };

  form.addEventListener(
    "submit",
    (event) => {
      const file = field.files[0];
      if (!file || file.size <= partBytes) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (!isSending) start(file, event.submitter);
    },
    { capture: true },
  );
  pause.addEventListener("click", () => (goOn ? goOn() : running && running.abort()));
  field.addEventListener("change", async () => {
    const file = field.files[0];
    panel.hidden = true;
    if (!file || file.size <= partBytes || isSending) return;
    const upload = await find(file).catch(() => null);
    if (upload && !isSending && field.files[0] === file) {
      pause.hidden = true;
      show(upload.offset, file.size, "have arrived before. Upload the file to go on from there.");
    }
  });
  window.addEventListener("beforeunload", (event) => {
    if (isSending && !goOn) event.preventDefault();
  });
}
