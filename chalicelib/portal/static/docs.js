// Starts Swagger UI over this deployment's own document. The token that somebody pastes stays in this page's memory.
"use strict";

const home = document.getElementById("api");
fetch(`${home.dataset.root}/openapi.json`).then((answer) => answer.json()).then((spec) => {
  spec.servers = [{ url: home.dataset.root || "/" }];
  SwaggerUIBundle({
    spec, dom_id: "#api", docExpansion: "none", deepLinking: true, filter: true, persistAuthorization: false,
    validatorUrl: null, syntaxHighlight: { activated: true },
  });
});
