// What takes the service a while: reading a page again, finding all symbols like an example.

import { api } from "../api.js";
import { find, h, tell } from "../dom.js";
import { percent, plain, t } from "../words.js";

const ASK_EVERY_MS = 700;

export class Jobs {
  constructor(review) {
    this.review = review;
    this.bar = find("#job");
  }

  /** Teaches the symbol in `box` and adds what is found like it; asks for its name where it has none. */
  async findAlike({ box, name = "" }) {
    const { page, session } = this.review;
    const called = name || (await this.askName());
    if (!called) return;
    await this.run(t("Looking for symbols like this…"), async () => {
      await session.settled();
      const before = new Map(this.review.model.list("symbols").map((symbol) => [symbol.id, symbol.kind]));
      const answer = await api.post(`pages/${page.id}/find`, { name: called, box: box.map((v) => Math.round(v)) });
      if (answer.revision !== session.revision) await session.reload();
      for (const remark of answer.remarks) tell(remark);
      tell(answer.found ? t("{n} found, lit up on the drawing.", { n: answer.found }) : t("No others were found."));
      this.review.lightKeys(this.review.model.list("symbols").filter((symbol) => before.get(symbol.id) !== symbol.kind).map((symbol) => `symbols:${symbol.id}`));
      await this.review.learnKinds();
    });
  }

  async recognize() {
    const { page, session } = this.review;
    await this.run(t("Reading the page again…"), async () => {
      await session.settled();
      const answer = await api.post(`pages/${page.id}/recognize`);
      await this.follow(answer);
      await session.reload();
      tell(t("The page was read again."));
    });
  }

  async run(title, work) {
    this.bar.hidden = false;
    this.bar.replaceChildren(h("span", {}, title), (this.progress = h("progress", { max: 1 })), (this.stage = h("small")));
    try {
      await work();
    } catch (error) {
      tell(error.message, "error");
    }
    this.bar.hidden = true;
  }

  /** Waits for a job, showing its stages; throws the job's sentence where it failed. */
  async follow(job) {
    let now = job;
    while (now.state === "queued" || now.state === "running") {
      this.progress.value = now.share ?? 0;
      this.stage.textContent = now.stage ? `${t(now.stage)} ${percent(now.share ?? 0)}` : t("waiting");
      await pause(ASK_EVERY_MS);
      now = await api.get(`jobs/${job.id}`);
    }
    if (now.state === "failed") throw new Error(now.error);
  }

  askName() {
    const dialog = find("#name-dialog");
    const input = find("input", dialog);
    input.value = plain(this.review.lastTaught ?? "");
    dialog.showModal();
    input.select();
    return new Promise((resolve) => {
      dialog.addEventListener("close", () => {
        const name = dialog.returnValue === "yes" ? input.value.trim() : "";
        if (name) this.review.lastTaught = name;
        resolve(name);
      }, { once: true });
    });
  }
}

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
