// Command admission-policy judges changes of objects by a ValidatingAdmissionPolicy with the API server's own evaluator.
//
// Reads {"policy": ..., "cases": [{"object", "oldObject", "verbs", "dryRun"}]} from standard input; verbs are what the caller may do.
// Writes for each case the messages of what was refused.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"

	v1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	celapi "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/cel/environment"
)

type testCase struct {
	Object    map[string]any `json:"object"`
	OldObject map[string]any `json:"oldObject"`
	Verbs     []string       `json:"verbs"`
	DryRun    bool           `json:"dryRun"`
}

type rights []string

func (r rights) Authorize(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
	if slices.Contains(r, "error") {
		return authorizer.DecisionNoOpinion, "", fmt.Errorf("the authorizer is down")
	}
	if a.GetAPIGroup() == "serving.kserve.io" && a.GetResource() == "inferenceservices" && slices.Contains(r, a.GetVerb()) {
		return authorizer.DecisionAllow, "", nil
	}
	return authorizer.DecisionNoOpinion, "", nil
}

func main() {
	var input struct {
		Policy v1.ValidatingAdmissionPolicySpec `json:"policy"`
		Cases  []testCase                       `json:"cases"`
	}
	decoder := json.NewDecoder(os.Stdin)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&input); err != nil {
		panic(err)
	}
	evaluator := compile(&input.Policy)
	answers := make([][]string, 0, len(input.Cases))
	for _, one := range input.Cases {
		answers = append(answers, judge(evaluator, one))
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		panic(err)
	}
}

func judge(evaluator validating.Validator, one testCase) []string {
	kind := schema.GroupVersionKind{Group: "serving.kserve.io", Version: "v1beta1", Kind: "InferenceService"}
	resource := schema.GroupVersionResource{Group: kind.Group, Version: kind.Version, Resource: "inferenceservices"}
	object, old := &unstructured.Unstructured{Object: one.Object}, &unstructured.Unstructured{Object: one.OldObject}
	who := &user.DefaultInfo{Name: "someone@example.com", Groups: []string{"on-call@example.com"}}
	attributes := admission.NewAttributesRecord(object, old, kind, "team-a", object.GetName(), resource, "", admission.Update, nil, one.DryRun, who)
	versioned := &admission.VersionedAttributes{Attributes: attributes, VersionedKind: kind, VersionedObject: object, VersionedOldObject: old}
	result := evaluator.Validate(context.Background(), resource, versioned, nil, &corev1.Namespace{}, celapi.RuntimeCELCostBudget, rights(one.Verbs))
	messages := []string{}
	for _, decision := range result.Decisions {
		if decision.Action != validating.ActionAdmit {
			messages = append(messages, string(decision.Evaluation)+": "+decision.Message)
		}
	}
	return messages
}

func compile(spec *v1.ValidatingAdmissionPolicySpec) validating.Validator {
	declarations := cel.OptionalVariableDeclarations{HasAuthorizer: true}
	compiler, err := cel.NewCompositedCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()))
	if err != nil {
		panic(err)
	}
	var variables []cel.NamedExpressionAccessor
	for _, one := range spec.Variables {
		variables = append(variables, &validating.Variable{Name: one.Name, Expression: one.Expression})
	}
	for _, one := range variables {
		if found := compiler.CompileCELExpression(one, declarations, environment.NewExpressions); found.Error != nil {
			panic(found.Error)
		}
	}
	compiler.CompileAndStoreVariables(variables, declarations, environment.NewExpressions)
	var conditions, validations []cel.ExpressionAccessor
	for index := range spec.MatchConditions {
		conditions = append(conditions, (*matchconditions.MatchCondition)(&spec.MatchConditions[index]))
	}
	for _, one := range spec.Validations {
		validations = append(validations, &validating.ValidationCondition{Expression: one.Expression, Message: one.Message, Reason: one.Reason})
	}
	matcher := matchconditions.NewMatcher(
		compiler.CompileCondition(conditions, declarations, environment.NewExpressions), spec.FailurePolicy, "policy", "validate", "guard")
	return validating.NewValidator(
		compiler.CompileCondition(validations, declarations, environment.NewExpressions), matcher,
		compiler.CompileCondition(nil, declarations, environment.NewExpressions),
		compiler.CompileCondition(make([]cel.ExpressionAccessor, len(validations)), declarations, environment.NewExpressions),
		spec.FailurePolicy)
}
