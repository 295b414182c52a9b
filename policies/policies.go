// Package policies ships the assessment policies that a hall can begin with.
package policies

import _ "embed"

//go:embed 63.yaml
var wuzheng63 string

// Default is the policy file for 乌政办发〔2020〕63号.
func Default() []byte { return []byte(wuzheng63) }
