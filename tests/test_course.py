"""The repository's own rules, one a test. Each message names the file and the mend."""

import doctest
import json
import os
import re
import subprocess
from functools import cache

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from autograder import pictures, release, rubric
from coursekit import compare, recorded
from coursekit.check import run
from coursekit.observe import observe

from .course import (
    ROOT,
    assignments,
    chapter,
    code,
    definitions,
    graded,
    notebook,
    page,
    paths,
    projects,
    prose,
    released,
    solution,
    stems,
    title,
    toc,
    words,
)

SEEDS = int(os.environ.get("COURSE_SEEDS", "5"))  # 200 before a release: COURSE_SEEDS=200 make test
CORE_WORDS, DEEPER_WORDS, CORE_MINUTES = 6500, 3000, 100

each_stem = pytest.mark.parametrize("stem", stems())
each_project = pytest.mark.parametrize("stem", projects())
each_assignment = pytest.mark.parametrize("stem", assignments())
RUBRICS = [r for stem in assignments() for r in rubric.load(stem).values()]
each_rubric = pytest.mark.parametrize("r", RUBRICS, ids=lambda r: r.id)
WRONG = [(r, mistake, f) for r in RUBRICS for mistake, f in r.mistakes.items()]
each_mistake = pytest.mark.parametrize(("r", "mistake", "f"), WRONG, ids=[f"{r.id}: {m.name}" for r, m, _ in WRONG])
RIGHT = [(r, name, f) for r in RUBRICS for name, f in {"the reference": r.reference, **r.alternatives}.items()]
each_right = pytest.mark.parametrize(("r", "name", "f"), RIGHT, ids=[f"{r.id}: {name}" for r, name, _ in RIGHT])


def examine(exercise, implementation):
    return compare.examine(exercise, lambda case: observe(implementation, case, exercise.seconds))


@cache
def fresh(id):
    """The exercise with all its cases from a seed that no release used."""
    return rubric.find(id).exercise("fresh")


def failures(result):
    return [f"{c.name}: {v.problem}" for c, v in zip(result.exercise.cases, result.verdicts) if not v.passed]


# --- files ------------------------------------------------------------------------------------------


def test_there_is_a_chapter():
    assert stems(), "_toc.yml names no chapter: add one under parts"


@each_assignment
def test_a_stem_has_all_its_files(stem):
    for path in (
        f"book/{stem}.md" if stem in projects() else f"book/{stem}.ipynb",
        f"solutions/{stem}/{stem}.ipynb",
        f"exercises/{stem}/{stem}.ipynb",
        f"autograder/reference/{stem}.py",
        f"autograder/rubrics/{stem}.py",
        f"coursekit/cases/{stem}.safetensors",
    ):
        assert (ROOT / path).is_file(), f"{path} is missing: write it, or take {stem} out of _toc.yml"


@pytest.mark.parametrize(
    ("folder", "wanted"),
    [
        ("solutions", "{stem}/{stem}.ipynb"),
        ("exercises", "{stem}/{stem}.ipynb"),
        ("autograder/reference", "{stem}.py"),
        ("autograder/rubrics", "{stem}.py"),
        ("coursekit/cases", "{stem}.py {stem}.safetensors"),
    ],
)
def test_nothing_else_is_there(folder, wanted):
    allowed = {name for stem in assignments() for name in wanted.format(stem=stem).split()} | {"__init__.py"}
    there = subprocess.run(["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for path in there.split():
        name = path.removeprefix(f"{folder}/")
        data = re.fullmatch(r"([\w]+)/data/.+", name)
        assert name in allowed or (data and data[1] in assignments()), (
            f"{path} belongs to no chapter and no project of _toc.yml: move it"
        )


def test_every_page_of_the_book_is_in_the_table_of_contents():
    pages = {p.stem for p in (ROOT / "book").iterdir() if p.suffix in (".md", ".ipynb")}
    listed = {page.removeprefix("book/") for page in toc()}
    assert pages == listed, f"in book/ or in _toc.yml, but not in both: {sorted(pages ^ listed)}"


@each_assignment
def test_titles_agree(stem):
    for where, nb in (("solutions", solution(stem)), ("exercises", released(stem))):
        assert title(page(stem)) in title(nb), (
            f"{where}/{stem}/{stem}.ipynb is called {title(nb)!r}: its title must hold the page's, {title(page(stem))!r}"
        )


def test_needs_come_before():
    order = stems()
    for stem in order:
        needs = chapter(stem).metadata.get("coursekit", {}).get("needs")
        assert needs is not None, (
            f'book/{stem}.ipynb: write what it needs into its metadata: "coursekit": {{"needs": []}}'
        )
        for need in set(needs) & set(order):
            assert order.index(need) < order.index(stem), f"_toc.yml: {stem} needs {need}, which comes later"


# --- exercises --------------------------------------------------------------------------------------


@each_assignment
def test_the_source_agrees_with_the_rubrics(stem):
    problems = list(release.source_problems(stem, solution(stem), ROOT / "solutions" / stem))
    assert not problems, "\n".join(problems)


@each_assignment
def test_exercises_stand_in_the_order_of_the_rubrics(stem):
    cells = [id for id, cell in graded(solution(stem)).items() if not cell.metadata.nbgrader.solution]
    assert [c for c in cells if rubric.exercise_id(c).startswith(stem)] == [
        rubric.grade_id(r.id) for r in rubric.load(stem).values()
    ], f"solutions/{stem}: put the grade cells into the order of autograder/rubrics/{stem}.py"


@each_rubric
def test_an_exercise_has_title_minutes_and_hints_in_the_notebook(r):
    text = "\n".join(c.source for c in prose(solution(r.stem)))
    heading = re.search(rf"^### {re.escape(r.about.title)} · (\d+) min · (.+)$", text, re.M)
    assert heading, f"solutions/{r.stem}: {r.id} needs the heading '### {r.about.title} · {r.about.minutes} min · …'"
    assert int(heading[1]) == r.about.minutes, f"{r.id}: heading and rubric differ in minutes"
    after = text[heading.end() :]
    own = after[: (re.search(r"^### ", after, re.M) or re.search(r"\Z", after)).start()]
    assert own.count("<details>") >= 1, f"solutions/{r.stem}: {r.id} needs hints, folded in <details>"


@each_rubric
def test_an_exercise_has_three_mistakes_and_two_alternatives(r):
    assert len(r.mistakes) >= 3, (
        f"autograder/rubrics/{r.stem}.py: {r.id} recognizes {len(r.mistakes)} mistakes; add some"
    )
    assert len(r.alternatives) >= 2, f"autograder/rubrics/{r.stem}.py: {r.id} has {len(r.alternatives)} alternatives"
    assert not r.about.parameters or any(not g.public for g in r.givens), f"{r.id} has no hidden case"


@each_rubric
def test_hints_lead_to_a_section_of_the_book(r):
    for mistake in r.mistakes:
        where, _, label = mistake.section.partition("#")
        assert f"({label})=" in page(where), f"{r.id}, {mistake.name!r}: book/{where} has no label ({label})="


@each_assignment
def test_pictures_are_tagged_and_nothing_hangs_on_them(stem):
    """A grading run leaves pictures out: they are most of a notebook's time."""
    cells = code(released(stem))
    shows = [c for c in cells if "plt.show()" in c.source or c.source.startswith("figures.")]
    tagged = [c for c in cells if "picture" in c.metadata.get("tags", [])]
    for cell in shows:
        assert cell in tagged, f'solutions/{stem}/{stem}.ipynb, cell {cell.id}: give it the tag "picture"'
    others = [c.source for c in code(solution(stem)) if c.id not in {t.id for t in tagged} and "%pip" not in c.source]
    assert pictures.unneeded([c.source for c in tagged], others)


@each_stem
def test_core_exercises_fit_into_an_evening(stem):
    minutes = sum(r.about.minutes for r in rubric.load(stem).values() if not r.about.stretch)
    assert minutes <= CORE_MINUTES, (
        f"autograder/rubrics/{stem}.py: the core takes {minutes} minutes; move some to stretch"
    )


@each_rubric
def test_the_stub_fails_its_check(r):
    cell = next(
        c
        for c in code(released(r.stem))
        if c.metadata.get("nbgrader", {}).get("grade_id") == f"{rubric.grade_id(r.id)}-code"
    )
    space = definitions_up_to(released(r.stem), cell)
    result = run(r.id, space.get(r.name))
    assert not result.passed, f"exercises/{r.stem}: the stub of {r.id} passes its own check"
    assert result.share == 0, f"exercises/{r.stem}: the stub of {r.id} earns points"


def definitions_up_to(nb, cell):
    """What the student has after running the imports and `cell`."""
    space = {}
    exec("import math, torch, numpy as np\nfrom torch import nn", space)
    exec(cell.source, space)
    return space


@each_assignment
def test_model_answers_are_the_notebooks_and_pass_check_and_grade(stem):
    space = definitions(solution(stem))
    for r in rubric.load(stem).values():
        for result in (run(r.id, space[r.name]), examine(fresh(r.id), space[r.name])):
            assert result.passed, f"solutions/{stem}: the model answer of {r.id} fails: {failures(result)}"


@each_right
def test_right_answers_pass_check_and_grade(r, name, f):
    for result in (run(r.id, f), examine(fresh(r.id), f)):
        assert result.passed, f"{r.id}, {name}: {failures(result)}"


@each_mistake
def test_mistakes_fail_check_and_grade_and_are_recognized(r, mistake, f):
    for where, result in (("check", run(r.id, f)), ("grade", examine(fresh(r.id), f))):
        assert not result.passed, f"{r.id}: the {where} lets {mistake.name!r} pass; add a case that tells it apart"
        assert result.mistake == mistake, (
            f"{r.id}: the {where} takes {mistake.name!r} for {result.mistake and result.mistake.name!r}; "
            "add a case on which the two differ"
        )


@each_rubric
def test_on_fresh_seeds_references_pass_and_mistakes_never_do(r):
    for i in range(SEEDS):
        exercise = r.exercise(f"seed {i}")
        result = examine(exercise, r.reference)
        assert result.passed, f"{r.id}, seed {i}: the reference fails its own rubric: {failures(result)}"
        for k, mistake in enumerate(exercise.mistakes):
            verdicts = [compare.judge(exercise, c, c.mistaken[k]) for c in exercise.cases]
            assert not all(v.passed for v in verdicts), f"{r.id}, seed {i}: {mistake.name!r} passes"


# --- projects ---------------------------------------------------------------------------------------

CRITERIA = ("Question and baseline", "Evidence", "Failure analysis", "Reproducible", "Clear writing")


@each_project
def test_a_project_gives_four_points_for_each_of_five_criteria(stem):
    """One of them the machine gives, the others a person, in a cell of its own; the page says what each point takes."""
    by_hand, by_machine = {}, {}
    for cell in solution(stem).cells:
        about = cell.metadata.get("nbgrader", {})
        if about.get("grade"):
            (by_hand if about["solution"] else by_machine)[about["grade_id"]] = about["points"]
    assert sorted(by_hand.values()) == [4] * 4, f"solutions/{stem}: four written answers with 4 points each"
    assert list(by_machine.values()) == [4], f"solutions/{stem}: one exercise with 4 points: is it reproducible?"
    for criterion in CRITERIA:
        table = re.search(rf"^### {criterion}.*?\n(.*?)(?=^#)", page(stem), re.M | re.S)
        assert table, f"book/{stem}.md: the rubric needs the heading '### {criterion}'"
        points = re.findall(r"^\| ([0-4]) \| .{20,} \|$", table[1], re.M)
        assert points == list("43210"), f"book/{stem}.md, {criterion}: say what 4, 3, 2, 1 and 0 points look like"


@each_project
def test_the_answers_that_a_person_grades_come_blank(stem):
    for cell in released(stem).cells:
        about = cell.metadata.get("nbgrader", {})
        if about.get("solution"):
            blank = "YOUR ANSWER HERE" if cell.cell_type == "markdown" else "raise NotImplementedError()"
            assert blank in cell.source, f"exercises/{stem}, cell {cell.id}: run `autograder release {stem}`"


# --- the release ------------------------------------------------------------------------------------


@each_assignment
def test_the_release_is_fresh(stem):
    assert not release.stale(stem, ROOT), release.stale(stem, ROOT)


@each_assignment
def test_the_release_holds_no_answer(stem):
    text = "\n".join(c.source for c in released(stem).cells)
    for word in ("BEGIN SOLUTION", "BEGIN HIDDEN", "autograder"):
        assert word not in text, f"exercises/{stem} holds {word!r}: run `autograder release {stem}`"


@each_assignment
def test_recorded_cases_match_the_rubrics(stem):
    assert [e.id for e in recorded.exercises(stem)] == [r.id for r in rubric.load(stem).values()]
    for e in recorded.exercises(stem):
        assert all(c.public for c in recorded.exercise(e.id).cases), f"{e.id}: a hidden case is recorded"


@each_rubric
def test_no_answer_is_recorded(r):
    for case in recorded.exercise(r.id).cases:
        if case.then != "equal":
            result = compare.judge(r.about, case, case.wanted)
            assert not result.passed, f"{r.id}, case {case.name!r}: what is recorded as wanted solves it"


# --- the book ---------------------------------------------------------------------------------------


@each_stem
def test_a_chapter_keeps_to_its_length(stem):
    core, deeper = paths(chapter(stem))
    assert words(core) <= CORE_WORDS, f"book/{stem}.ipynb: the core path has {words(core)} words; at most {CORE_WORDS}"
    assert words(deeper) <= DEEPER_WORDS, (
        f"book/{stem}.ipynb: Go deeper has {words(deeper)} words; at most {DEEPER_WORDS}"
    )
    assert words(core) > 2000, (
        f"book/{stem}.ipynb: the core path has {words(core)} words; is the markup still understood?"
    )


def glossary():
    """The glossary's terms by the stem whose chapter explains them: a section of book/glossary.md per stem."""
    terms, stem = {}, None
    for line in (ROOT / "book/glossary.md").read_text().splitlines():
        if label := re.fullmatch(r"\(glossary-(\w+)\)=", line):
            stem = label[1]
        elif stem and (term := re.fullmatch(r"(\w[\w’'() /.,–-]*)", line)):  # definitions are indented
            terms.setdefault(stem, []).append(term[1].strip())
    return terms


def test_the_glossary_has_terms_of_every_chapter():
    assert set(stems()) <= set(glossary()), "book/glossary.md: give every chapter a section (glossary-<stem>)="


def needed(stem):
    """The chapters whose words `stem` may use: its needs, and theirs."""
    page = ROOT / f"book/{stem}.ipynb"
    needs = notebook(f"book/{stem}.ipynb").metadata.coursekit.needs if page.exists() else []
    return {"intro", stem}.union(*map(needed, needs))


@each_stem
def test_the_core_path_uses_no_word_from_outside_its_needs(stem):
    core, _ = paths(chapter(stem))
    owners = {term.lower(): owner for owner, terms in glossary().items() for term in terms}
    for term in re.findall(r"\{term\}`(?:[^`<]*<)?([^`<>]+)>?`", core):
        owner = owners.get(term.lower(), "nobody")
        assert owner in needed(stem), (
            f"book/{stem}.ipynb uses {term!r}, which {owner} explains: explain it, or add {owner} to its needs"
        )


@each_stem
def test_the_book_solves_no_exercise(stem):
    for name, f in definitions(chapter(stem)).items():
        for r in rubric.load(stem).values():
            assert not run(r.id, f).passed, f"book/{stem}.ipynb: {name} solves {r.id}; show a sibling problem instead"


@each_stem
def test_the_book_asserts_its_target(stem):
    asserts = [c for c in code(chapter(stem)) if re.search(r"^assert ", c.source, re.M)]
    assert asserts, f"book/{stem}.ipynb: assert what the chapter's own run must reach"


def test_the_book_imports_nothing_from_autograder():
    for path in (ROOT / "book").rglob("*"):
        if path.suffix in (".ipynb", ".py", ".md") and "conftest" not in path.name:
            assert not re.search(r"(from|import) +autograder", path.read_text()), f"{path} imports autograder"


def test_coursekit_imports_nothing_from_autograder():
    for path in (ROOT / "coursekit").rglob("*.py"):
        assert not re.search(r"(from|import) +autograder", path.read_text()), f"{path} imports autograder"


# --- pages of text ----------------------------------------------------------------------------------

TEXTS = sorted(path.name for path in (ROOT / "book").glob("*.md"))


@pytest.mark.parametrize("name", TEXTS)
def test_examples_on_pages_of_text_give_what_they_say(name):
    """Blocks with the prompt >>> are run, one after the other, and compared with what the page shows."""
    text = re.sub(r"^```.*$", "", (ROOT / "book" / name).read_text(), flags=re.M)
    said = []
    doctest.DocTestRunner().run(doctest.DocTestParser().get_doctest(text, {}, name, name, 0), out=said.append)
    assert not said, "".join(said)


def test_every_line_of_the_sheet_on_pytorch_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```", page("pytorch"), re.M | re.S)
    space = {}
    for block in blocks:
        exec(block, space)
    assert len(blocks) == 4
    assert sum(p.numel() for p in space["model"].parameters()) == 2410
    assert all(torch.equal(a, b) for a, b in zip(space["model"].cpu().parameters(), space["again"].parameters()))


def backward_of_nothing():
    torch.rand(3).sum().backward()


def backward_twice():
    loss = torch.rand(3, requires_grad=True).square().sum()
    loss.backward()
    loss.backward()


def step_in_place():
    w = torch.rand(3, requires_grad=True)
    w -= 0.1


@pytest.mark.parametrize(
    ("provoke", "sheets"),
    [
        (lambda: nn.Linear(64, 10)(torch.rand(32, 1, 8, 8)), ["pytorch"]),
        (lambda: nn.Linear(3, 1)(torch.from_numpy(np.ones((5, 3)))), ["pytorch"]),
        (lambda: F.cross_entropy(torch.rand(4, 3), torch.tensor([0.0, 1.0, 2.0, 0.0])), ["pytorch", "losses"]),
        (lambda: F.cross_entropy(torch.rand(4, 3), torch.tensor([1, 2, 3, 1])), ["pytorch", "losses"]),
        (lambda: F.cross_entropy(torch.rand(4, 3), F.one_hot(torch.tensor([0, 1, 2, 0]))), ["losses"]),
        (lambda: F.cross_entropy(torch.rand(4, 3), torch.tensor([[0], [1], [2], [0]])), ["losses"]),
        (lambda: F.binary_cross_entropy_with_logits(torch.rand(2), torch.tensor([0, 1])), ["losses"]),
        (lambda: F.binary_cross_entropy(torch.tensor([1.5]), torch.tensor([1.0])), ["losses"]),
        (lambda: F.binary_cross_entropy_with_logits(torch.rand(4, 1), torch.rand(4)), ["pytorch", "losses"]),
        (backward_of_nothing, ["pytorch"]),
        (backward_twice, ["pytorch"]),
        (step_in_place, ["pytorch"]),
        (lambda: torch.rand(3, requires_grad=True).numpy(), ["pytorch"]),
        (lambda: nn.Conv2d(3, 8, 3)(torch.rand(32, 64, 64, 3)), ["convolutions"]),
        (lambda: nn.Conv2d(1, 8, 3)(torch.rand(32, 28, 28)), ["convolutions"]),
        (lambda: nn.Conv2d(3, 8, 3)(torch.zeros(2, 3, 8, 8, dtype=torch.uint8)), ["convolutions"]),
        (lambda: nn.Conv2d(3, 8, 3)(torch.rand(2, 3, 2, 2)), ["convolutions"]),
        (lambda: nn.Linear(64, 10)(torch.rand(5, 80)), ["convolutions"]),
        (lambda: nn.Conv2d(3, 8, 3, stride=2, padding="same"), ["convolutions"]),
        (lambda: nn.Conv2d(3, 8, 3, groups=2), ["convolutions"]),
        (lambda: F.max_pool2d(torch.rand(1, 1, 8, 8), 2, padding=2), ["convolutions"]),
        (lambda: nn.ConvTranspose2d(1, 1, 3, stride=2, output_padding=2)(torch.rand(1, 1, 4, 4)), ["convolutions"]),
    ],
)
def test_messages_on_the_sheets_are_the_ones_that_come(provoke, sheets):
    """A message stands between backticks, whole or its beginning, with … for what hangs on the case."""
    with pytest.raises((RuntimeError, ValueError, IndexError)) as caught:
        provoke()
    for sheet in sheets:
        text = re.sub(r"^```.*?^```", "", page(sheet), flags=re.M | re.S)
        quoted = [q for q in re.findall(r"`([^`\n]+)`", text) if len(q) > 20]
        pattern = [".*".join(re.escape(part) for part in q.split("…")) for q in quoted]
        assert any(re.match(p, str(caught.value)) for p in pattern), f"book/{sheet}.md lacks: {caught.value}"


# --- every notebook ---------------------------------------------------------------------------------

NOTEBOOKS = [
    path
    for path in subprocess.run(["git", "ls-files", "*.ipynb"], cwd=ROOT, capture_output=True, text=True).stdout.split()
    if (ROOT / path).exists()
]
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS)


@each_notebook
def test_no_outputs_are_committed(path):
    for cell in code(notebook(path)):
        assert not cell.outputs, f"{path}, cell {cell.id}: clear its outputs"
        assert cell.execution_count is None, f"{path}, cell {cell.id}: clear its execution count"


@each_notebook
def test_cell_ids_are_stable_names(path):
    ids = [cell.id for cell in notebook(path).cells]
    assert len(ids) == len(set(ids)), f"{path}: a cell id stands twice"
    for id in ids:
        assert not re.fullmatch(r"[0-9a-f]{8}", id), f"{path}: give cell {id} a name that says what it holds"


@each_notebook
def test_every_picture_in_prose_has_alt_text(path):
    for cell in prose(notebook(path)):
        assert not re.search(r"!\[\s*\]", cell.source), f"{path}, cell {cell.id}: an image without alt text"
        for tag in re.findall(r"<(?:img|svg)\b[^>]*>", cell.source):
            assert re.search(r"(alt|aria-label)=[\"'][^\"']+", tag), f"{path}, cell {cell.id}: {tag} has no alt text"


@each_stem
def test_every_figure_of_a_chapter_has_alt_text(stem):
    for cell in code(chapter(stem)):
        if re.search(r"plt\.|\bplot\.(?!use)", cell.source) and "def " not in cell.source.split("\n")[0]:
            about = cell.metadata.get("mystnb", {})
            if "plt.subplots" in cell.source or "plt.figure" in cell.source:
                alt = about.get("image", {}).get("alt", "")
                assert len(alt) > 30, (
                    f"book/{stem}.ipynb, cell {cell.id}: say in mystnb.image.alt what the picture shows"
                )


def test_json_of_notebooks_is_as_nbformat_writes_it():
    for path in NOTEBOOKS:
        text = (ROOT / path).read_text()
        plain = json.dumps(json.loads(text), indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        assert text == plain, f"{path}: write it with nbformat.write, so that changes stay small"
