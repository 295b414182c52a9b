package api

import (
	"errors"
	"net/http"

	"hallkeeper/hub/hall"
)

// statusOf is the one map from a domain's refusal to a status.
func statusOf(c hall.Code) int {
	switch c {
	case hall.CodeMalformed:
		return http.StatusBadRequest
	case hall.CodeInvalid:
		return http.StatusUnprocessableEntity
	case hall.CodeUnknown:
		return http.StatusNotFound
	case hall.CodeRefused:
		return http.StatusConflict
	case hall.CodeForbidden:
		return http.StatusForbidden
	case hall.CodeUnavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// refusal is the answer to a domain's error for people; nil where err is none.
func refusal(err error) *failure {
	var e *hall.Error
	if !errors.As(err, &e) {
		return nil
	}
	f := &failure{status: statusOf(e.Code), name: e.Name, words: text{e.ZH, e.EN}, article: e.Article, cause: err}
	for _, wrong := range e.Fields {
		f.fields = append(f.fields, field{wrong.Name, wrong.Code, text{wrong.ZH, wrong.EN}})
	}
	return f
}
