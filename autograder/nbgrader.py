"""How nbgrader meets the referee: the parts that `nbgrader_config.py` puts into its pipeline.

`nbgrader autograde`, the formgrader's button and `autograder grade --assignment` all come through here, and so
give the same marks.
"""

import json
from pathlib import Path

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat.v4 import new_notebook, new_output
from nbgrader.api import Gradebook
from nbgrader.preprocessors import GetGrades, NbGraderPreprocessor, SaveAutoGrades

from . import grading, submission
from .feedback import fragment
from .report import UNDECIDED, Report
from .rubric import exercise_id


class SubmissionExporter(NotebookExporter):
    """Reads what a student handed in. What is no notebook becomes an empty one, with a sentence that says why."""

    def from_filename(self, filename, resources=None, **kw):
        if not self.parent._sanitizing:  # the second pass reads what the first one wrote
            return super().from_filename(filename, resources, **kw)
        resources = resources or {}
        path = Path(filename)
        resources["metadata"] = {"name": path.stem, "path": str(path.parent)}
        try:
            nb = submission.read_file(path)
        except submission.Unreadable as sentence:
            nb = new_notebook()
            resources["unreadable"] = str(sentence)
        return self.from_notebook_node(nb, resources, **kw)


class Restore(NbGraderPreprocessor):
    """The submission's cells with the release's metadata and locked text; deleted grade cells at the end."""

    def preprocess(self, nb, resources):
        about = resources["nbgrader"]
        with Gradebook(about["db_url"]) as gradebook:
            notebook = gradebook.find_notebook(about["notebook"], about["assignment"])
            nb = submission.restored(nb, submission.source_cells(notebook))
            nb.metadata["kernelspec"] = json.loads(notebook.kernelspec or "{}")
        nb.metadata["autograder"] = {"unreadable": resources.get("unreadable", "")}
        return nb, resources


class Referee(NbGraderPreprocessor):
    """In place of nbgrader's Execute: hand the job to the referee, put outputs and report into the notebook."""

    def preprocess(self, nb, resources):
        about, directory = resources["nbgrader"], self.parent.parent.coursedir
        job = job_of(nb, about["assignment"], about["student"], directory)
        sentence = nb.metadata.get("autograder", {}).get("unreadable", "")
        result = grading.unreadable(job, sentence) if sentence else grading.Results(directory.root).of(job)
        for cell, outputs in zip(nb.cells, result.outputs):
            if cell.cell_type == "code":
                cell.outputs = [nbformat.from_dict(o) for o in outputs]
        self._show(nb, result.report)
        nb.metadata["autograder"] = {"key": grading.key(job), "report": result.report.as_dict()}
        for id in result.report.undecided:
            self.log.error("%s of %s is undecided: a person must look", id, about["student"])
        return nb, resources

    def _show(self, nb, report):
        """Each exercise's verdict under its grade cell, where the formgrader shows it."""
        for cell in nb.cells:
            exercise = report.exercises.get(exercise_id(cell.metadata.get("nbgrader", {}).get("grade_id", "")))
            if exercise is not None and cell.cell_type == "code":
                data = {"text/html": fragment(exercise), "text/plain": exercise.feedback}
                cell.outputs = [new_output("display_data", data)]


class SaveReport(SaveAutoGrades):
    """Scores from the report, and from nothing else. Without a verdict there are no points and a person must look;
    a score that a person has given is left alone."""

    def preprocess(self, nb, resources):
        self.report = Report.from_dict(nb.metadata["autograder"]["report"])
        return super().preprocess(nb, resources)

    def _add_score(self, cell, resources):
        if cell.metadata.nbgrader["solution"]:  # a written answer: a person grades it
            super()._add_score(cell, resources)
            return
        grade_id = cell.metadata.nbgrader["grade_id"]
        row = self.gradebook.find_grade(grade_id, self.notebook_id, self.assignment_id, self.student_id)
        exercise = self.report.exercises.get(exercise_id(grade_id))
        decided = exercise is not None and exercise.outcome != UNDECIDED and exercise.points is not None
        row.auto_score = min(max(exercise.points, 0.0), row.max_score) if decided else None
        row.needs_manual_grade = row.auto_score is None or row.manual_score is not None
        self.gradebook.db.commit()


class Scores(GetGrades):
    """For the feedback page: nbgrader's scores and comments, and whether a person has given the score."""

    def _get_score(self, cell, resources):
        super()._get_score(cell, resources)
        grade_id = cell.metadata.nbgrader["grade_id"]
        row = self.gradebook.find_grade(grade_id, self.notebook_id, self.assignment_id, self.student_id)
        cell.metadata.nbgrader["by_hand"] = row.manual_score is not None or bool(row.extra_credit)


def job_of(nb, stem, student, directory):
    """The `Job` of a sanitized notebook and of what was handed in beside it."""
    submitted = directory.format_path(directory.submitted_directory, student, stem)
    source = directory.format_path(directory.source_directory, ".", stem)
    files = submission.files(submitted, source, ignore=directory.ignore)
    return submission.job(nb, stem, grading.secret_seed(directory.root, stem), files)


def sanitized(converter, path):
    """What the first of nbgrader's two passes makes of a submitted notebook, without writing it anywhere."""
    converter.exporter = converter.exporter_class(parent=converter, config=converter.config)
    converter._sanitizing = True
    converter._init_preprocessors()
    text, _ = converter.exporter.from_filename(str(path), converter.init_single_notebook_resources(str(path)))
    return nbformat.reads(text, as_version=4)
