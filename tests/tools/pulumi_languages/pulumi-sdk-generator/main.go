// Command pulumi-sdk-generator writes the SDK of a Pulumi package in one language, as `pulumi package add` does where the
// language hosts can be had: with the same generators, for a package that describes itself and refers to no other.
//
//	pulumi-sdk-generator nodejs|python|go SCHEMA.json FOLDER
//
// What is wrong is said in one line, with exit code 1; then nothing has been written.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/blang/semver"
	gogen "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

const tool = "pulumi-sdk-generator"

type files = map[string][]byte

var languages = map[string]func(*schema.Package) (files, error){
	"go": func(p *schema.Package) (files, error) { return gogen.GeneratePackage(tool, p, nil) },
	"nodejs": func(p *schema.Package) (files, error) {
		return nodejs.GeneratePackage(tool, p, nil, nil, true, nil)
	},
	"python": func(p *schema.Package) (files, error) { return python.GeneratePackage(tool, p, nil, nil) },
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %s\n", tool, strings.Join(strings.Fields(err.Error()), " "))
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("found %d arguments, allowed are three: nodejs|python|go, the schema's file, the SDK's folder", len(args))
	}
	generate, known := languages[args[0]]
	if !known {
		return fmt.Errorf("%q is no language here, allowed are nodejs, python, go", args[0])
	}
	bound, err := read(args[1])
	if err != nil {
		return fmt.Errorf("%s: %w", args[1], err)
	}
	made, err := generate(bound)
	if err != nil {
		return fmt.Errorf("%s in %s: %w", args[1], args[0], err)
	}
	return write(made, args[2])
}

// read binds a schema, and refuses one that refers to other packages: their schemas could only come from their providers.
func read(file string) (*schema.Package, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return nil, err
	}
	if len(spec.Dependencies) > 0 {
		return nil, fmt.Errorf("refers to the package %s; only a schema of its own types can be generated from", spec.Dependencies[0].Name)
	}
	bound, findings, err := schema.BindSpec(spec, noOthers{}, schema.ValidationOptions{})
	if err == nil && findings.HasErrors() {
		err = findings
	}
	if err != nil {
		return nil, err
	}
	bound.SupportPack = true // as the command line does for every SDK that it generates
	return bound, nil
}

func write(made files, folder string) error {
	for name, content := range made {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// noOthers answers with an error where a schema refers to another package without saying so in its dependencies.
type noOthers struct{}

func (noOthers) LoadPackage(name string, _ *semver.Version) (*schema.Package, error) {
	return nil, fmt.Errorf("refers to the package %s; only a schema of its own types can be generated from", name)
}

func (o noOthers) LoadPackageV2(_ context.Context, other *schema.PackageDescriptor) (*schema.Package, error) {
	return o.LoadPackage(other.Name, nil)
}
