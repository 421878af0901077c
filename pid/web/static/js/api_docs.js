// The API's description as a page on which it can be tried; a signed-in browser sends its session and CSRF token.

const place = document.querySelector("#api");
const { csrf } = place.dataset;

window.SwaggerUIBundle({
  url: place.dataset.url,
  domNode: place,
  deepLinking: true,
  validatorUrl: null,
  presets: [window.SwaggerUIBundle.presets.apis],
  requestInterceptor: (request) => {
    if (csrf && !request.headers.Authorization) request.headers["X-CSRFToken"] = csrf;
    return request;
  },
});
