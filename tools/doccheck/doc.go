// Package doccheck checks the documents: every link to a file or a heading of
// the repository leads somewhere, and each document that exists in two languages
// has the same chapters in both. It fetches nothing: links to other sites are
// looked at for their form alone.
package doccheck
