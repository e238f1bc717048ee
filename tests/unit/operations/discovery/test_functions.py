"""What the code of CloudFront functions does with paths; the first ones are AWS's own examples."""

import pytest

from purgemap.operations.discovery import FunctionEffect, classify_function

PAGES = [
    # https://github.com/aws-samples/amazon-cloudfront-functions/blob/main/url-rewrite-single-page-apps/index.js
    """async function handler(event) {
        var request = event.request;
        var uri = request.uri;
        // Check whether the URI is missing a file name.
        if (uri.endsWith('/')) {
            request.uri += 'index.html';
        }
        // Check whether the URI is missing a file extension.
        else if (!uri.includes('.')) {
            request.uri += '/index.html';
        }
        return request;
    }""",
    # https://aws.amazon.com/blogs/compute/implementing-default-directory-indexes-in-amazon-s3-backed-amazon-cloudfront-origins-using-lambdaedge/
    "var olduri = request.uri; var newuri = olduri.replace(/\\/$/, '\\/index.html'); request.uri = newuri;",
    "const uri = request.uri\n if (!uri.includes('.')) request.uri = `${uri}.html`\n return request",
    "if (uri === '/') { request.uri = '/index.html' }",
    "request['uri'] = uri + '/index.html'",
    "request.uri = request.uri.replace(/\\/?$/, '/index.html');",
]
NONE = [
    """function handler(event) {
        var request = event.request;
        var host = request.headers.host.value;
        if (host === 'example.com') {
            return { statusCode: 301, headers: { location: { value: 'https://www.example.com' + request.uri } } };
        }
        return request;
    }""",
    "function handler(event) { if (event.request.uri == '/x') {} return event.request; }",
    "// request.uri = '/x' + request.uri\n/* request.uri = 'y' */",
    "",
]
UNKNOWN = [
    "request.uri = '/app' + request.uri;",
    "request.uri = '/' + host + request.uri + 'index.html';",
    "request.uri = redirects[request.uri];",
    "request.uri = request.uri.toLowerCase();",
    "request.uri = request.uri.replace(/^\\/docs/, '') + '/index.html';",
    "request.uri = uri.replace('/en/', '/');",
    "cf.updateRequestOrigin({domainName: 'x'}); request.uri += 'index.html'",
    "return Object.assign(request, {uri: '/x'})",
]


@pytest.mark.parametrize("code", PAGES)
def test_function_that_appends_pages_is_recognised(code: str) -> None:
    assert classify_function(code) is FunctionEffect.PAGES


@pytest.mark.parametrize("code", NONE)
def test_function_that_leaves_paths_is_recognised(code: str) -> None:
    assert classify_function(code) is FunctionEffect.NONE


@pytest.mark.parametrize("code", UNKNOWN)
def test_function_with_another_rewrite_is_unknown(code: str) -> None:
    assert classify_function(code) is FunctionEffect.UNKNOWN
