package api

import "net/http"

// sendDocument is interim until the documents are there.
func (a *API) sendDocument(http.ResponseWriter, *http.Request, *PeriodAnswer, string) error {
	return problem("internal")
}
