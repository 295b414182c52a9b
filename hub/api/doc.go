// Package api is the hub's HTTP side: the routes under /api/v1, the probes, the
// built pages, and the OpenAPI and AsyncAPI documents that describe them. It
// owns how a request is read, checked and answered, which status an error
// becomes, and what makes a repeated request have one effect.
//
// It refuses to decide anything: what changes the hall goes to Commands and is
// answered once it is on disk. It knows no log, broker or view, only the small
// interfaces in Deps. Until people can sign in, whatever changes something or
// shows the log is for programs on the hub's own machine only.
package api
