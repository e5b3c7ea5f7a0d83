"""All that wires the course to nbgrader: its commands, the formgrader and `autograder` read this file."""

import os
import shutil
import sysconfig
import warnings

from autograder.nbgrader import AUTOGRADE, SANITIZE
from autograder.release import PREPROCESSORS

c = get_config()  # noqa: F821  (nbgrader gives it)

c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
# What lies beside a notebook goes with it, and a stray script or backup could hold an answer.
c.CourseDirectory.ignore = [".*", "__pycache__", "*.py", "*.pyc", "*~", "*.bak", "*.orig"]

c.GenerateAssignment.preprocessors = PREPROCESSORS

# Student code runs apart, the referee decides, and the gradebook takes what the referee's report says.
c.Autograde.exporter_class = "autograder.nbgrader.SubmissionExporter"
c.Autograde.sanitize_preprocessors = SANITIZE
c.Autograde.autograde_preprocessors = AUTOGRADE

c.GenerateFeedback.exporter_class = "autograder.feedback.FeedbackExporter"
c.GenerateFeedback.preprocessors = ["autograder.nbgrader.Scores"]

# Archives that students uploaded come from anyone.
c.ZipCollectApp.extractor_plugin = "autograder.collecting.Extractor"
c.ZipCollectApp.collector_plugin = "autograder.collecting.Collector"

# nbgrader calls `alembic` by name; without an activated environment it would not find its own.
if shutil.which("alembic") is None:
    os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])

# SQLAlchemy 2.1 has something to say about how nbgrader adds a submission; no user can act on it.
warnings.filterwarnings("ignore", message="Object of type <Submitted")
