// Start Swagger UI on our schema, which goes to nobody else to be checked.
const place = document.getElementById("docs");

SwaggerUIBundle({
  domNode: place,
  url: place.dataset.schema,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  validatorUrl: null,
});
