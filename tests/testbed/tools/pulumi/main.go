// Command pulumi-project prints, as JSON, what Pulumi reads in the folder of a project before it runs anything:
// the values of its stacks, and the Python packages with which program and policy pack would run.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/pulumi/pulumi/sdk/v3/python/toolchain"
)

type found struct {
	Stacks         map[string]map[string]string `json:"stacks"`
	Packages       []string                     `json:"packages"`
	PolicyPackages []string                     `json:"policyPackages"`
}

func main() {
	answer, err := read(os.Args[1], os.Args[2:])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(answer)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func read(folder string, stacks []string) (*found, error) {
	project, err := workspace.LoadProject(filepath.Join(folder, "Pulumi.yaml"))
	if err != nil {
		return nil, err
	}
	answer := &found{Stacks: map[string]map[string]string{}}
	for _, stack := range stacks {
		if answer.Stacks[stack], err = values(project, filepath.Join(folder, "Pulumi."+stack+".yaml")); err != nil {
			return nil, err
		}
	}
	if answer.Packages, err = packages(folder, project.Runtime.Options()); err != nil {
		return nil, err
	}
	policies := filepath.Join(folder, "policy")
	pack, err := workspace.LoadPolicyPack(filepath.Join(policies, "PulumiPolicy.yaml"))
	if err != nil {
		return nil, err
	}
	answer.PolicyPackages, err = packages(policies, pack.Runtime.Options())
	return answer, err
}

func values(project *workspace.Project, file string) (map[string]string, error) {
	stack, err := workspace.LoadProjectStack(nil, project, file)
	if err != nil {
		return nil, err
	}
	read := map[string]string{}
	for key, value := range stack.Config {
		if read[key.String()], err = value.Value(config.NopDecrypter); err != nil {
			return nil, err
		}
	}
	return read, nil
}

func packages(folder string, options map[string]any) ([]string, error) {
	root, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	wanted := toolchain.PythonOptions{Root: root, ProgramDir: root, Virtualenv: fmt.Sprint(options["virtualenv"])}
	switch options["toolchain"] {
	case "pip":
		wanted.Toolchain = toolchain.Pip
	case "uv":
		wanted.Toolchain = toolchain.Uv
	}
	python, err := toolchain.ResolveToolchain(wanted)
	if err != nil {
		return nil, err
	}
	if err := python.ValidateVenv(context.Background()); err != nil {
		return nil, err
	}
	installed, err := python.ListPackages(context.Background(), true)
	names := []string{}
	for _, each := range installed {
		names = append(names, each.Name)
	}
	return names, err
}
