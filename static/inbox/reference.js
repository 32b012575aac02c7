// Shows the document of the API by Swagger UI.
"use strict";

const place = document.getElementById("reference");
window.SwaggerUIBundle({
  url: place.dataset.document,
  domNode: place,
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: 0,
  filter: true,
  displayRequestDuration: true,
  // No badge of a validator on another site.
  validatorUrl: null,
});
