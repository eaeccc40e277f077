"""What a control plane is made of: programs and definitions, built or fetched once per machine."""
