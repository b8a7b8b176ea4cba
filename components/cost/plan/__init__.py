"""What an environment will cost a month: by deployment, shared part and team, and against what is deployed."""
