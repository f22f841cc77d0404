/* Passkeys: the button asks the site for a challenge, the browser asks the key, and the form carries the answer. */
(() => {
  const bytes = text => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), c => c.charCodeAt(0));
  const text = buffer => buffer && btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const opened = list => (list || []).map(one => ({ ...one, id: bytes(one.id) }));

  const make = async asked => {
    const options = { ...asked, challenge: bytes(asked.challenge), user: { ...asked.user, id: bytes(asked.user.id) } };
    options.excludeCredentials = opened(asked.excludeCredentials);
    const made = await navigator.credentials.create({ publicKey: options });
    return told(made, {
      clientDataJSON: text(made.response.clientDataJSON),
      attestationObject: text(made.response.attestationObject),
    });
  };
  const answer = async asked => {
    const options = { ...asked, challenge: bytes(asked.challenge), allowCredentials: opened(asked.allowCredentials) };
    const given = await navigator.credentials.get({ publicKey: options });
    return told(given, {
      clientDataJSON: text(given.response.clientDataJSON),
      authenticatorData: text(given.response.authenticatorData),
      signature: text(given.response.signature),
      userHandle: text(given.response.userHandle),
    });
  };
  const told = (key, response) => ({
    id: key.id, rawId: text(key.rawId), type: key.type, response,
    clientExtensionResults: key.getClientExtensionResults(), authenticatorAttachment: key.authenticatorAttachment,
  });

  const say = (form, words) => {
    const place = form.querySelector("[role=alert]");
    place.textContent = words;
    place.hidden = !words;
  };
  const begin = async form => {
    const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
    const asked = await fetch(form.dataset.begin, { method: "POST", headers: { "X-CSRFToken": token } });
    const options = await asked.json();
    if (options.go) { location.assign(options.go); return null; }
    if (!asked.ok) throw new Error(options.trouble || "the site did not answer");
    return form.dataset.passkey === "add" ? make(options.publicKey) : answer(options.publicKey);
  };

  if (!window.PublicKeyCredential || !navigator.credentials) return;
  for (const words of document.querySelectorAll("[data-without-passkeys]")) words.hidden = true;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.querySelector("button").hidden = false;
    form.addEventListener("submit", async event => {
      event.preventDefault();
      say(form, "");
      try {
        const credential = await begin(form);
        if (!credential) return;
        form.elements.credential.value = JSON.stringify(credential);
        form.submit();
      } catch (error) {
        say(form, `No passkey: ${error.name === "NotAllowedError" ? "it was given up, or took too long" : error.message}.`);
      }
    });
  }
})();
