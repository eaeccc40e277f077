// Shows the token of a link to the API, once the person asks for it. It stands after '#', which no browser sends.
const token = location.hash.slice(1);
const form = document.querySelector("form");
const answer = document.getElementById("answer");

if (token) {
  history.replaceState(null, "", location.pathname);
  form.hidden = false;
} else {
  answer.textContent = "This link is not complete; copy all of it from the mail.";
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  const fields = Object.fromEntries(new FormData(form));
  try {
    const response = await fetch(form.dataset.action, {
      method: "POST",
      credentials: "omit",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token, ...fields }),
    });
    if (response.ok) {
      form.hidden = true;
      answer.textContent = form.dataset.done;
    } else {
      answer.textContent = (await response.json()).detail;
      button.disabled = false;
    }
  } catch {
    answer.textContent = "TodoApp could not be reached; try again in a moment.";
    button.disabled = false;
  }
});
