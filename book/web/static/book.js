// Read from the course's own server, a chapter's button opens the student's copy in Lab; read elsewhere, it offers what
// works online. The server says who it is in a meta element; asking it by a request would log a 404 everywhere else.
const server = document.querySelector('meta[name="course-server"]');
if (server) {
  for (const box of document.querySelectorAll(".course-exercise")) {
    box.querySelector(".course-exercise-local a").href = `${server.content}open/${box.dataset.stem}`;
    box.querySelector(".course-exercise-local").hidden = false;
    box.querySelector(".course-exercise-online").hidden = true;
  }
}
