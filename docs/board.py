"""Tables in Markdown of what docs/board.sh left: python3 docs/board.py OUT"""

import json
import math
import pathlib
import sys

SETS = "lastfm foursquare steam sample movielens-small citeulike sports beauty gowalla".split()
out = pathlib.Path(sys.argv[1])
sets = [one for one in SETS if (out / one / "auto.json").exists()]
runs = {one: json.loads((out / one / "auto.json").read_text()) for one in sets}
TITLES = {
    "popular": "most popular", "knn": "item-kNN", "ease": "EASE", "rdlae": "RDLAE", "ials": "iALS",
    "elsa": "ELSA", "recvae": "RecVAE", "dae": "Mult-DAE", "vae": "Mult-VAE", "vamp": "Vamp, gated",
}


def row(cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |")


def best(run):
    """The best trial of each model on the validation users, by title."""
    found = {}
    for trial in run["trials"]:
        title = TITLES[trial["model"]]
        if trial["validation"] is not None:
            if title not in found or trial["validation"] > found[title]["validation"]:
                found[title] = trial
    return found


def metric(run, title, name):
    one = run["test"].get(title, {}).get(name)
    return f"{one['mean']:.4f} ± {1.96 * one['standard_error']:.4f}" if one else "–"


def probability(p):
    return "< 0.0001" if p < 0.0001 else f"{p:.4f}"


for name in ("ndcg@100", "recall@20", "recall@50"):
    print(f"\nTest {name}, mean ± half of the 95 % interval:\n")
    row([""] + sets)
    row(["---"] + ["--:"] * len(sets))
    for title in list(TITLES.values()) + ["blend"]:
        if any(title in run["test"] for run in runs.values()):
            row([title] + [metric(runs[one], title, name) for one in sets])

print("\nValidation ndcg@100:\n")
row([""] + sets)
row(["---"] + ["--:"] * len(sets))
for title in TITLES.values():
    values = [best(runs[one]).get(title) for one in sets]
    if any(values):
        row([title] + [f"{one['validation']:.4f}" if one else "–" for one in values])
row(["blend"] + [f"{runs[one]['validation']:.4f}" for one in sets])

# The blend beside the single model that is best on the validation users, and beside that which is best
# on the test users, which nobody could have chosen. Holm's p over the sets.
for label, choose in (
    ("best on validation", lambda run: max(best(run).items(), key=lambda one: one[1]["validation"])[0]),
    ("best on test", lambda run: max(best(run), key=lambda title: run["test"][title]["ndcg@100"]["mean"])),
):
    rows = []
    for one in sets:
        run = runs[one]
        title = choose(run)
        difference = next((c for c in run["comparisons"] if c["second"] == title), None)
        rows.append((one, title, difference))
    order = sorted(range(len(rows)), key=lambda i: rows[i][2]["p_t_test"])
    corrected, largest = {}, 0.0
    for place, i in enumerate(order):
        largest = max(largest, min(1.0, (len(rows) - place) * rows[i][2]["p_t_test"]))
        corrected[i] = largest
    print(f"\nThe blend beside the single model that is {label}, test ndcg@100:\n")
    row(["", "users", "best single", "blend − it", "95 % interval", "p", "p, Holm"])
    row(["---", "--:", "---", "--:", "--:", "--:", "--:"])
    for i, (one, title, c) in enumerate(rows):
        low, high = (c["difference"] + sign * 1.96 * c["standard_error"] for sign in (-1, 1))
        users = runs[one]["test"]["blend"]["ndcg@100"]["users"]
        row([one, f"{users:,}", title, f"{c['difference']:+.4f}", f"{low:+.4f} to {high:+.4f}",
             probability(c["p_t_test"]), probability(corrected[i])])

print("\nThe blend's members, time and memory:\n")
row(["", "members and weights", "trials", "minutes of the trials", "most memory, MB", "passed over"])
row(["---", "---", "--:", "--:", "--:", "---"])
for one in sets:
    run = runs[one]
    members = ", ".join(f"{TITLES[m['model']]} {m['weight']:.2f}" for m in run["members"])
    seconds = sum(trial["seconds"] for trial in run["trials"])
    memory = out / one / "memory"
    megabytes = math.ceil(int(memory.read_text().split()[-1]) / 1024) if memory.exists() else "–"
    row([one, members, len(run["trials"]), f"{seconds / 60:.1f}", megabytes, ", ".join(run["passed_over"])])

print("\nSeconds of all trials of a model, and of its best:\n")
row([""] + sets)
row(["---"] + ["--:"] * len(sets))
for key, title in TITLES.items():
    cells = []
    for one in sets:
        own = [trial for trial in runs[one]["trials"] if trial["model"] == key]
        single = best(runs[one]).get(title)
        cells.append(f"{sum(t['seconds'] for t in own):.0f} / {single['seconds']:.0f}" if single else "–")
    row([title] + cells)

print("\nSettings of the best, of those that auto varies:\n")
for one in sets:
    print(f"- **{one}**: " + "; ".join(
        f"{title} " + " ".join(
            f"{key}={value}" for key, value in trial["settings"].items()
            if key in ("lambda", "dropout", "relaxation", "neighbours", "user-exponent", "history-exponent",
                       "popularity-exponent", "factors", "alpha", "keep-probability", "l2", "beta-cap",
                       "gamma", "epochs", "batch-size"))
        for title, trial in best(runs[one]).items() if title != "most popular"))
